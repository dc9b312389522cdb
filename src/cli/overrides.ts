import { parse } from 'yaml';
import { checkScenario } from '../scenario/check.ts';
import type { Override } from '../scenario/overrides.ts';
import { parseRate } from '../scenario/quantity.ts';
import { scaleClients } from '../scenario/scale.ts';
import type { Scenario } from '../scenario/schema.ts';
import { UserError } from './exit.ts';

/** Settings that come from outside of the scenario file. */
export interface Adjustments {
  readonly seed?: number;
  readonly clients?: number;
  readonly rate?: string;
  readonly duration?: string;
  readonly target?: string;
  readonly set: readonly string[];
}

const ENVIRONMENT = ['seed', 'clients', 'rate', 'duration', 'target'] as const;

/** `WSDELIVER_SEED` and its like; flags go before them. */
export function fromEnvironment(environment: NodeJS.ProcessEnv): Omit<Adjustments, 'set'> {
  const found: Record<string, string | number> = {};
  for (const name of ENVIRONMENT) {
    const variable = `WSDELIVER_${name.toUpperCase()}`;
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const isNumber = name === 'seed' || name === 'clients';
    if (isNumber && !/^\d+$/.test(text)) throw new UserError(`Cannot use ${variable} "${text}": a whole number is wanted`);
    found[name] = isNumber ? Number(text) : text;
  }
  return found;
}

/** What can be laid over the file before it is checked. */
export function overridesOf(adjustments: Adjustments): Override[] {
  const { seed, duration, target, set } = adjustments;
  return [
    ...(seed === undefined ? [] : [{ path: 'seed', value: seed, origin: `--seed ${seed}` }]),
    ...(duration === undefined ? [] : [{ path: 'duration.load', value: duration, origin: `--duration ${duration}` }]),
    ...(target === undefined ? [] : [{ path: 'target', value: target, origin: `--target ${target}` }]),
    ...set.map(assignment),
  ];
}

/** What depends on the scenario as it was read: numbers of clients, the rate of every stream. */
export function adjust(scenario: Scenario, { clients, rate }: Adjustments): Scenario {
  let adjusted = scenario;
  if (clients !== undefined) {
    const scaling = scaleClients(adjusted, clients);
    if (!scaling.ok) throw new UserError(`--clients ${clients}: ${scaling.message}`);
    adjusted = scaling.scenario;
  }
  if (rate !== undefined) {
    const reading = parseRate(rate);
    if (!reading.ok) throw new UserError(`--rate ${rate}: ${reading.problem}`);
    adjusted = { ...adjusted, publish: adjusted.publish.map((stream) => ({ ...stream, rate: reading.value })) };
  }
  const findings = adjusted === scenario ? [] : checkScenario(adjusted, () => true);
  if (findings.length > 0) throw new UserError(findings.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  return adjusted;
}

function assignment(text: string): Override {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`Cannot use --set "${text}": <path>=<value> is wanted, as in seed=7`);
  const value = text.slice(at + 1);
  try {
    return { path: text.slice(0, at), value: parse(value) as unknown, origin: `--set ${text}` };
  } catch {
    return { path: text.slice(0, at), value, origin: `--set ${text}` };
  }
}
