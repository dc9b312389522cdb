import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ANOMALIES, ANOMALY_KINDS, type AnomalyKind } from '../../src/delivery/anomaly.ts';
import { ruleFor } from '../../src/delivery/guarantee.ts';
import { DELIVERY_LEVELS } from '../../src/delivery/level.ts';
import type { Fault, FaultParameter } from '../../src/faults/fault.ts';
import { FAULTS } from '../../src/faults/registry.ts';
import { PLAIN_OPTION_NAMES, PLAIN_OPTIONS } from '../../src/library/check-options.ts';
import { VARIANTS } from '../../src/mutants/registry.ts';
import { expectedText } from '../../src/report/wording/mutation-test.ts';
import { faultMetric, METRICS, type Metric } from '../../src/scenario/metric.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { clientsOf } from '../../src/scenario/timeline.ts';
import { code, item, table } from './markdown.ts';
import { METRIC_MEANINGS } from './metric-meanings.ts';

/** The parts of the documentation that follow from data: faults, metrics, bundled scenarios. */

const ACTS_ON: Readonly<Record<Fault['kind'], string>> = {
  instant: 'a client, at one instant',
  lasting: 'a client, for a while',
  acks: 'single acks, for a while',
  server: 'the server, at one instant',
  service: 'processes of a service',
};

/** Prefix of the metrics of what clients send to the server. */
const UPSTREAM = 'delivery.upstream.';

export function faultList(): string {
  return [...FAULTS.values()].map((fault) => item(faultText(fault), parametersOf(fault))).join('\n');
}

function faultText(fault: Fault): string {
  const lasts =
    fault.kind === 'lasting' && fault.healed === false ? 'a client, for good' : ACTS_ON[fault.kind];
  return `**${code(fault.name)}** (${lasts}): ${fault.summary}`;
}

function parametersOf({ parameters }: Fault): string[] {
  return Object.entries(parameters).map(([key, parameter]: [string, FaultParameter]) => {
    const { description, min, max, default: initial } = parameter;
    return `${code(key)}: ${description} ${code(min)} to ${code(max)}, default ${code(initial)}.`;
  });
}

/** A table for each group of metrics, with what holds for the whole group above it. */
export function metricTables(): string {
  const groups = new Map<string, Metric[]>();
  for (const metric of documented()) {
    const group = metric.path[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), metric]);
  }
  return [...groups.values()].map(metricTable).join('\n\n');
}

/** Which way a slow machine may move a metric, as an arrow: there is a table for each group, with little room. */
const SLOWNESS: Readonly<Record<Metric['slowness'], string>> = { raises: '↑', lowers: '↓', either: '↕' };

function metricTable(metrics: readonly Metric[]): string {
  const [first] = metrics;
  if (first === undefined) throw new Error('Cannot describe a group of metrics: it is empty');
  const { aggregates, byProfile, concerns } = first;
  const facts = [
    aggregates.length === 0 ? 'one value' : `aggregates ${aggregates.map(code).join(' ')}`,
    ...(byProfile ? [`${code('{profile:…}')} narrows it`] : []),
    `not met: exit ${concerns === 'delivery' ? 3 : 4}`,
  ];
  const rows = metrics.map(({ name, unit, slowness }) => [
    code(name),
    unit,
    SLOWNESS[slowness],
    METRIC_MEANINGS[name] ?? '',
  ]);
  const titles = ['Metric', 'Unit', 'Slowness', 'Meaning'];
  return `**${first.name.split('.')[0]}**: ${facts.join('; ')}.\n\n${table(titles, rows)}`;
}

/** Every kind of anomaly, with the levels of delivery at which it breaks the guarantee. */
export function anomalyTable(): string {
  const rows = ANOMALY_KINDS.map((kind) => [code(kind), wrongAt(kind), ANOMALIES[kind].meaning]);
  return table(['Anomaly', 'Wrong at', 'When'], rows);
}

function wrongAt(kind: AnomalyKind): string {
  if (ANOMALIES[kind].concerns === 'resources') return 'every level, as a matter of resources';
  const rules = DELIVERY_LEVELS.map((level) => ({ level, rule: ruleFor(level, kind) }));
  if (rules.every(({ rule }) => rule === 'forbidden')) return 'every level';
  return rules
    .filter(({ rule }) => rule === 'forbidden' || rule === 'by-reason')
    .map(({ level, rule }) => `${code(level)}${rule === 'by-reason' ? ' unless allowed' : ''}`)
    .join(', ');
}

/** Metrics without a meaning, and meanings without a metric. */
export function strayMeanings(): string[] {
  const known = documented().map(({ name }) => name);
  const described = Object.keys(METRIC_MEANINGS);
  return [
    ...known.filter((name) => !described.includes(name)),
    ...described.filter((name) => !known.includes(name)),
  ];
}

/** What clients send has the same metrics as what they get: one sentence says so. */
function documented(): Metric[] {
  return [...METRICS, faultMetric('<name>')].filter(({ name }) => !name.startsWith(UPSTREAM));
}

/** The options of the library that are plain values. */
export function optionTable(): string {
  const rows = PLAIN_OPTION_NAMES.map((name) => {
    const setting = PLAIN_OPTIONS[name];
    const isChoice = setting.kind === 'choice';
    const kind = isChoice ? setting.choices.map(code).join(', ') : `${setting.kind} from ${setting.min}`;
    const { path, meaning } = setting;
    const initial = setting.default === Number.POSITIVE_INFINITY ? 'none' : code(String(setting.default));
    return [code(name), kind, initial, path === undefined ? '' : code(`server.${path}`), meaning];
  });
  return table(['Option', 'Kind', 'Default', 'In a scenario', 'Meaning'], rows);
}

export function variantTable(): string {
  const rows = VARIANTS.map(({ name, side, defect, outcome }) => [
    code(name),
    side,
    defect,
    expectedText(outcome),
  ]);
  return table(['Variant', 'Side', 'Defect', 'Caught by'], rows);
}

export function scenarioList(folder: string): string {
  return bundledScenarios(folder)
    .map((scenario) => item(`${code(scenario.name)}: ${scenario.description} (${sizeOf(scenario)})`))
    .join('\n');
}

function bundledScenarios(folder: string): Scenario[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const outcome = parseScenario(readFileSync(join(folder, file), 'utf8'), { file });
      if (!outcome.ok) throw new Error(`Cannot describe "${file}": ${outcome.problems[0]?.message}`);
      return outcome.scenario;
    });
}

function sizeOf(scenario: Scenario): string {
  const { rampUp, warmUp, load } = scenario.duration;
  const seconds = Math.round((rampUp + warmUp + load) / 1000);
  return `${clientsOf(scenario).count} clients, ${seconds} s and the drain`;
}
