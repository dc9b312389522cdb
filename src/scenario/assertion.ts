import { suggest } from '../text/nearest.ts';
import {
  FAULT_AGGREGATES,
  faultMetric,
  METRICS,
  type Metric,
  type MetricUnit,
  metricNames,
  slownessOf,
  unitOf,
} from './metric.ts';
import { quote } from './problem.ts';
import {
  formatBytes,
  formatDuration,
  formatRate,
  formatRatio,
  type ParsedQuantity,
  parseBytes,
  parseDuration,
  parseRate,
  parseRatio,
} from './quantity.ts';
import type { Scenario } from './schema.ts';
import { instancesOf } from './services-schema.ts';

/**
 * Assertions: `<metric>[{key:value,…}][.<aggregate>] <op> <quantity>`, for example
 * `latency.push{profile:slow}.p99.9 < 1s`.
 */
export interface Assertion {
  /** As written in the scenario, with single spaces. */
  readonly text: string;
  readonly metric: Metric;
  readonly aggregate?: string;
  readonly profile?: string;
  readonly service?: string;
  /** Of a metric that counts by number: which one; absent: all together. */
  readonly number?: string;
  readonly op: Op;
  /** In the unit of the result: µs, bytes, per second, 0..1, a count. */
  readonly bound: number;
}

const OPS = ['==', '!=', '<=', '>=', '<', '>'] as const;
type Op = (typeof OPS)[number];

/** Names of the scenario that an assertion can refer to. */
export interface AssertionContext {
  readonly profiles: readonly string[];
  readonly faults: readonly string[];
  /** Processes of services. */
  readonly services: readonly string[];
}

export function assertionContext({ clients, faults, services }: Scenario): AssertionContext {
  return {
    profiles: clients.map(({ profile }) => profile),
    faults: [...new Set(faults.map((entry) => entry.do))],
    services: instancesOf(services).map(({ name }) => name),
  };
}

export type ParsedAssertion =
  | { readonly ok: true; readonly assertion: Assertion }
  /** @param offset - where in the text, from 0 */
  | { readonly ok: false; readonly message: string; readonly offset: number };

export interface AssertionOutcome {
  readonly text: string;
  readonly actual: number | undefined;
  /** With its unit; `no data` where there is none. */
  readonly actualText: string;
  readonly status: 'pass' | 'fail' | 'no-data';
}

export function parseAssertion(text: string, context: AssertionContext): ParsedAssertion {
  const parts = /^(\s*)([^\s{}=!<>]*)(\{[^{}]*\})?(\.[^\s{}=!<>]*)?(\s*)([=!<>]*)(\s*)(.*?)\s*$/s.exec(text);
  const [, lead = '', name = '', labels = '', tail = '', gap = '', op = '', space = '', quantity = ''] =
    parts ?? [];
  const labelsAt = lead.length + name.length;
  const opAt = labelsAt + labels.length + tail.length + gap.length;
  if (name === '')
    return wrong(text, 'a metric is wanted first, for example delivery.lost.silent == 0', lead.length);
  const found = findMetric(name, tail.slice(1), context);
  if (!found.ok) return wrong(`${name}${tail}`, found.message, lead.length);
  const { metric, aggregate } = found;
  const label = readLabels(labels, metric, context);
  if (!label.ok) return wrong(labels === '' ? `${name}${tail}` : labels, label.message, labelsAt);
  if (labels !== '' && tail === '' && aggregate !== undefined) {
    return wrong(
      labels,
      `labels stand before the aggregate, ${metric.name}${labels}.${aggregate} is wanted`,
      labelsAt,
    );
  }
  const operator = OPS.find((known) => known === op);
  if (operator === undefined)
    return wrong(op === '' ? text : op, `an operator is wanted, one of ${OPS.join(' ')}`, opAt);
  const reading = readBound(unitOf(metric, aggregate), quantity);
  if (!reading.ok) return { ok: false, message: reading.problem, offset: opAt + op.length + space.length };
  return {
    ok: true,
    assertion: {
      text: `${name}${labels}${tail} ${op} ${quantity}`,
      metric,
      ...(aggregate === undefined ? {} : { aggregate }),
      ...label.narrowed,
      op: operator,
      bound: reading.value,
    },
  };
}

/** @param result - plain data in the form of a result file */
export function evaluateAssertion(assertion: Assertion, result: unknown): AssertionOutcome {
  const { text, metric, aggregate, op, bound } = assertion;
  const actual = actualOf(assertion, result);
  if (actual === undefined) return { text, actual, actualText: 'no data', status: 'no-data' };
  const status = holdsFor(actual, op, bound) ? 'pass' : 'fail';
  return { text, actual, actualText: formatValue(unitOf(metric, aggregate), actual), status };
}

/** Whether a slow machine alone may have moved the value to its side of the bound. */
export function mayBeSlowness({ metric, aggregate, op, bound }: Assertion, actual: number): boolean {
  const slowness = slownessOf(metric, aggregate);
  const side = actual === bound ? SIDE_OF_BOUND[op] : actual > bound ? 'high' : 'low';
  if (slowness === 'either' || side === 'both') return true;
  return side === (slowness === 'raises' ? 'high' : 'low');
}

/** The side of the bound to which a value equal to the bound is attributed. */
const SIDE_OF_BOUND: Readonly<Record<Op, 'high' | 'low' | 'both'>> = {
  '<': 'high',
  '>=': 'high',
  '>': 'low',
  '<=': 'low',
  '==': 'both',
  '!=': 'both',
};

function wrong(part: string, message: string, offset: number): ParsedAssertion {
  return { ok: false, message: `Cannot assert ${quote(part)}: ${message}`, offset };
}

type MetricSearch =
  | { readonly ok: true; readonly metric: Metric; readonly aggregate?: string }
  | { readonly ok: false; readonly message: string };

/** @param tail - the text after the labels, without its dot */
function findMetric(name: string, tail: string, context: AssertionContext): MetricSearch {
  const full = tail === '' ? name : `${name}.${tail}`;
  const fault = /^faults\.([^.]+)(?:\.|$)/.exec(full)?.[1];
  if (fault !== undefined && !context.faults.includes(fault)) {
    return {
      ok: false,
      message: `the scenario has no fault "${fault}", ${suggest(fault, context.faults, 'a fault')}`,
    };
  }
  const candidates = fault === undefined ? METRICS : [faultMetric(fault)];
  for (const metric of candidates) {
    if (metric.aggregates.length === 0 && metric.name === full) return { ok: true, metric };
    const aggregate = metric.aggregates.find((known) => `${metric.name}.${known}` === full);
    if (aggregate !== undefined) return { ok: true, metric, aggregate };
  }
  return { ok: false, message: explainName(full, candidates, context) };
}

function explainName(full: string, candidates: readonly Metric[], context: AssertionContext): string {
  const bare = candidates.find(
    ({ name, aggregates }) => aggregates.length > 0 && (full === name || full.startsWith(`${name}.`)),
  );
  if (bare === undefined)
    return `no metric has this name, ${suggest(full, metricNames(context.faults), 'a metric')}`;
  const given = full.slice(bare.name.length + 1);
  if (given === '') return `it has several values, one of ${bare.aggregates.join(', ')} is wanted behind it`;
  return `"${given}" is no aggregate of ${bare.name}, ${suggest(given, bare.aggregates, 'an aggregate')}`;
}

type LabelReading =
  | { readonly ok: true; readonly narrowed: Pick<Assertion, 'profile' | 'service' | 'number'> }
  | { readonly ok: false; readonly message: string };

/** A metric has one label at most: `{profile:x}` where it may be narrowed, `{service:x}` where it has to be. */
function readLabels(labels: string, metric: Metric, context: AssertionContext): LabelReading {
  if (metric.countsBy !== undefined) return readNumber(labels, metric.countsBy);
  const key = metric.byService ? 'service' : 'profile';
  const [names, noun] = metric.byService
    ? ([context.services, 'instance of a service'] as const)
    : ([context.profiles, 'profile'] as const);
  if (labels === '') {
    if (!metric.byService) return { ok: true, narrowed: {} };
    return {
      ok: false,
      message: `${metric.name} is kept for each service, {service:<name>} is wanted behind it`,
    };
  }
  if (!metric.byProfile && !metric.byService)
    return { ok: false, message: `${metric.name} is not kept by profile, no label is wanted` };
  const [found, ...others] = labels
    .slice(1, -1)
    .split(',')
    .map((part) => part.split(':').map((word) => word.trim()));
  const [written, value, ...rest] = found ?? [];
  if (written !== key || value === undefined || rest.length > 0 || others.length > 0)
    return { ok: false, message: `the only label is ${key}, {${key}:<name>} is wanted` };
  if (names.includes(value)) return { ok: true, narrowed: { [key]: value } };
  const who = metric.byService
    ? `no service has the instance "${value}"`
    : `no client has the profile "${value}"`;
  return {
    ok: false,
    message: `${who}, ${suggest(value, names, `${metric.byService ? 'an' : 'a'} ${noun}`)}`,
  };
}

/** The numbers that a metric may count by. */
const NUMBERS = {
  status: { pattern: /^[1-5]\d\d$/, example: 503 },
  code: { pattern: /^[1-4]\d{3}$/, example: 1006 },
};

function readNumber(labels: string, key: keyof typeof NUMBERS): LabelReading {
  if (labels === '') return { ok: true, narrowed: {} };
  const { pattern, example } = NUMBERS[key];
  const [name, value = '', ...rest] = labels
    .slice(1, -1)
    .split(':')
    .map((word) => word.trim());
  if (name === key && rest.length === 0 && pattern.test(value))
    return { ok: true, narrowed: { number: value } };
  return { ok: false, message: `the only label is ${key}, as in {${key}:${example}}` };
}

function readBound(unit: MetricUnit, quantity: string): ParsedQuantity {
  switch (unit) {
    case 'count': {
      if (/^\d{1,15}(\.\d{1,9})?$/.test(quantity)) return { ok: true, value: Number(quantity) };
      return {
        ok: false,
        problem: `Cannot read ${quote(quantity)}: a count is wanted, a number without a unit`,
      };
    }
    case 'duration': {
      const reading = parseDuration(quantity);
      return reading.ok ? { ok: true, value: Math.round(reading.value * 1000) } : reading;
    }
    case 'bytes':
      return parseBytes(quantity);
    case 'ratio':
      return parseRatio(quantity);
    case 'rate': {
      if (quantity !== 'max') return parseRate(quantity);
      return {
        ok: false,
        problem: 'Cannot compare with "max": it is no number, a rate like 200/s is wanted',
      };
    }
  }
}

function formatValue(unit: MetricUnit, value: number): string {
  switch (unit) {
    case 'count':
      return Number.isInteger(value) ? String(value) : value.toFixed(2);
    case 'duration':
      return formatDuration(value / 1000);
    case 'bytes':
      return formatBytes(value);
    case 'ratio':
      return formatRatio(value);
    case 'rate':
      return formatRate(value);
  }
}

/** Whether an assertion with this operator and bound is met by a value. */
export function holdsFor(actual: number, op: Op, bound: number): boolean {
  switch (op) {
    case '==':
      return actual === bound;
    case '!=':
      return actual !== bound;
    case '<':
      return actual < bound;
    case '<=':
      return actual <= bound;
    case '>':
      return actual > bound;
    case '>=':
      return actual >= bound;
  }
}

function actualOf(assertion: Assertion, result: unknown): number | undefined {
  const { metric, aggregate, profile, service } = assertion;
  const { path, sampled, sparse, needsServer, countsBy } = metric;
  if (path[0] === 'faults') return sumOverFaults(path[1] ?? '', aggregate ?? '', result);
  // The server's own counters exist exactly when its record was available.
  if (needsServer && inside(result, 'broadcast') === undefined) return undefined;
  const steps = profile === undefined ? path : ['profiles', profile, ...path];
  const holder = steps.slice(0, -1).reduce<unknown>(inside, result);
  const label = service === undefined ? '' : `{service:${service}}`;
  const found = inside(holder, `${steps.at(-1) ?? ''}${label}`);
  if (countsBy !== undefined) return countOf(found, assertion.number);
  if (sparse && found === undefined && holder !== undefined) return 0;
  if (aggregate === undefined) return asNumber(found);
  if (sampled && aggregate !== 'count' && inside(found, 'count') === 0) return undefined;
  return asNumber(inside(found, aggregate === 'p99.9' ? 'p999' : aggregate));
}

/** @param number - absent: all of them together */
function countOf(counts: unknown, number: string | undefined): number | undefined {
  if (typeof counts !== 'object' || counts === null) return undefined;
  if (number !== undefined) return asNumber(inside(counts, number)) ?? 0;
  return Object.values(counts).reduce<number>((sum, count) => sum + (asNumber(count) ?? 0), 0);
}

/** @returns `undefined` when no fault of this name has the value */
function sumOverFaults(name: string, aggregate: string, result: unknown): number | undefined {
  const faults = inside(result, 'faults');
  if (!Array.isArray(faults) || !FAULT_AGGREGATES.includes(aggregate)) return undefined;
  const values = faults
    .filter((fault) => inside(fault, 'name') === name)
    .map((fault) => asNumber(inside(fault, aggregate)));
  const numbers = values.filter((value) => value !== undefined);
  return numbers.length === 0 ? undefined : numbers.reduce((sum, value) => sum + value, 0);
}

function inside(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
