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
  readonly driver?: string;
  readonly set?: readonly string[];
}

const SETTINGS = ['seed', 'clients', 'rate', 'duration', 'target', 'driver'] as const;
type Setting = (typeof SETTINGS)[number];

/**
 * What flags, and variables such as `WSDELIVER_SEED`, lay over every scenario of one command. A flag goes before its
 * variable.
 */
export class Adjuster {
  readonly #flags: Adjustments;
  readonly #values: Omit<Adjustments, 'set'>;
  readonly #assignments: readonly Override[];

  /** @throws {UserError} when a variable or an assignment can't be read */
  constructor(flags: Adjustments, environment: NodeJS.ProcessEnv) {
    this.#flags = flags;
    this.#values = { ...fromEnvironment(environment), ...flags };
    this.#assignments = (flags.set ?? []).map(assignment);
  }

  /** The server is one that runs already, whatever the files say. */
  get hasTarget(): boolean {
    return this.#values.target !== undefined;
  }

  /** What can be laid over the file before it is checked. */
  get overrides(): Override[] {
    const { seed, duration, target, driver } = this.#values;
    return [
      ...(seed === undefined ? [] : [{ path: 'seed', value: seed, origin: this.#origin('seed') }]),
      ...(duration === undefined
        ? []
        : [{ path: 'duration.load', value: duration, origin: this.#origin('duration') }]),
      ...(target === undefined
        ? []
        : [{ path: 'target.url', value: target, origin: this.#origin('target') }]),
      ...(driver === undefined
        ? []
        : [{ path: 'target.driver', value: driver, origin: this.#origin('driver') }]),
      ...this.#assignments,
    ];
  }

  /**
   * Sets what depends on the scenario as it was read: numbers of clients, the rate of every stream.
   *
   * @throws {UserError} when the scenario can't be had in that size or at that rate
   */
  adjust(scenario: Scenario): Scenario {
    const { clients, rate } = this.#values;
    let adjusted = scenario;
    if (clients !== undefined) {
      const scaling = scaleClients(adjusted, clients);
      if (!scaling.ok) throw new UserError(`${this.#origin('clients')}: ${scaling.message}`);
      // Who says how many wants as many.
      adjusted = { ...scaling.scenario, adapt: false };
    }
    if (rate !== undefined) {
      const reading = parseRate(rate);
      if (!reading.ok) throw new UserError(`${this.#origin('rate')}: ${reading.problem}`);
      adjusted = {
        ...adjusted,
        publish: adjusted.publish.map((stream) => ({ ...stream, rate: reading.value })),
      };
    }
    const findings = adjusted === scenario ? [] : checkScenario(adjusted, () => true);
    if (findings.length === 0) return adjusted;
    throw new UserError(findings.map(({ path, message }) => `${path.join('.')}: ${message}`));
  }

  /** As the user gave it, for messages. */
  #origin(name: Setting): string {
    const value = this.#values[name];
    return this.#flags[name] === undefined ? `${variableOf(name)}=${value}` : `--${name} ${value}`;
  }
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Omit<Adjustments, 'set'> {
  const found: Record<string, string | number> = {};
  for (const name of SETTINGS) {
    const variable = variableOf(name);
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const isNumber = name === 'seed' || name === 'clients';
    if (isNumber && !/^\d+$/.test(text))
      throw new UserError(`Cannot use ${variable} "${text}": a whole number is wanted`);
    found[name] = isNumber ? Number(text) : text;
  }
  return found;
}

function variableOf(name: Setting): string {
  return `WSDELIVER_${name.toUpperCase()}`;
}

function assignment(text: string): Override {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`Cannot use --set "${text}": <path>=<value> is wanted, as in seed=7`);
  const value = text.slice(at + 1);
  try {
    return {
      path: text.slice(0, at),
      value: parse(value, { logLevel: 'error' }) as unknown,
      origin: `--set ${text}`,
    };
  } catch {
    return { path: text.slice(0, at), value, origin: `--set ${text}` };
  }
}
