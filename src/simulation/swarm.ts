import type { Fault, FaultParameter } from '../faults/fault.ts';
import { FAULTS } from '../faults/registry.ts';
import { integerBelow, pick, sample } from '../protocol/draw.ts';
import type { Random } from '../protocol/ports.ts';
import { parseDuration } from '../scenario/quantity.ts';
import type { FaultEntry, Scenario } from '../scenario/schema.ts';
import { clientsOf } from '../scenario/timeline.ts';

/** Faults that cost a correct server nothing where it has the time and the room to make them good. */
export const HARMLESS_FAULTS = [
  'slow-reader',
  'pause-reader',
  'half-open',
  'no-pong',
  'slow-handler',
  'reset',
  'drop',
  'close',
  'reconnect-storm',
  'second-socket',
  'lose-acks',
  'delay-acks',
  'duplicate-acks',
  'handler-crash',
  'room-actions',
  'block-event-loop',
];

const FAULTS_MAX = 40;
/** Chance of each kind to be left out of a seed altogether. */
const LEFT_OUT = 0.5;
/** Chance of a fault to begin close to the one before, where most can meet. */
const CLUSTERED = 0.4;
const CLUSTER_MS = 500;
/** Largest values drawn, where a fault allows more: beyond these only memory and time grow. */
const COUNT_MAX = 100;
const BYTES_MAX = 4 * 1024 * 1024;
const BYTES_PER_SEC_MAX = 1024 * 1024;
/** Of the load, for times that are parameters of a fault. */
const TIME_SHARE_MAX = 0.5;
/** A client away so long after the resume TTL is late for sure. */
const LATE_MS = 1000;
const CLOSE_CODES = [1000, 1001, 1003, 1011, 3000, 4000, 4999];
const GOODBYE = 1000;

/**
 * Draws faults by swarm testing: half of the kinds are off, the others wildly weighted, so that each seed dwells on
 * a few of them instead of a little of everything. Times and values are log-uniform within the bounds of each fault.
 *
 * @param harmless - only such as cost a correct server nothing
 * @returns entries as a scenario has them, by instant, with explicit clients
 */
export function drawFaults(scenario: Scenario, random: Random, harmless: boolean): FaultEntry[] {
  const kinds = kindsFor(scenario, harmless);
  const chosen = kinds.filter(() => random.next() >= LEFT_OUT);
  const swarm = (chosen.length > 0 ? chosen : [pick(random, kinds)]).map((fault) => ({
    fault,
    weight: random.next() ** 3 + 0.001,
  }));
  const draw = new FaultDraw(scenario, random, harmless);
  const count = logUniform(random, 1, FAULTS_MAX);
  const entries = Array.from({ length: count }, () => draw.entryOf(weighted(random, swarm)));
  return entries.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
}

function kindsFor({ server, duration }: Scenario, harmless: boolean): Fault[] {
  const acked = server.delivery !== 'at-most-once';
  return [...FAULTS.values()].filter((fault) => {
    // Virtual time has no processes.
    if (fault.kind === 'service') return false;
    if (fault.kind === 'acks' && !acked) return false;
    // At-most-once has no sessions, so that nobody can be late for one.
    if (isLate(fault) && (!acked || duration.load <= server.resumeTtl + 2 * LATE_MS)) return false;
    return !harmless || HARMLESS_FAULTS.includes(fault.name);
  });
}

class FaultDraw {
  readonly #loadMs: number;
  readonly #ttlMs: number;
  readonly #clients: readonly number[];
  readonly #random: Random;
  readonly #harmless: boolean;
  #lastMs = 0;

  constructor(scenario: Scenario, random: Random, harmless: boolean) {
    this.#loadMs = Math.floor(scenario.duration.load);
    this.#ttlMs = Math.ceil(scenario.server.resumeTtl);
    this.#clients = Array.from({ length: clientsOf(scenario).count }, (_, client) => client);
    this.#random = random;
    this.#harmless = harmless;
  }

  entryOf(fault: Fault): FaultEntry {
    const least = isLate(fault) ? this.#ttlMs + LATE_MS : 1;
    const at = this.#instant(Math.max(0, this.#loadMs - least - 1));
    const lasts = (fault.kind === 'lasting' && fault.healed !== false) || fault.kind === 'acks';
    return {
      do: fault.name,
      at,
      ...(lasts ? { for: logUniform(this.#random, least, Math.max(least, this.#loadMs - at)) } : {}),
      ...(fault.kind === 'server' ? {} : { clients: { ids: this.#someClients() } }),
      ...(fault.kind === 'acks' ? this.#frequency() : {}),
      ...Object.fromEntries(
        Object.entries(fault.parameters).map(([key, parameter]) => [key, this.#value(parameter)]),
      ),
    };
  }

  #instant(latestMs: number): number {
    const near = this.#lastMs + integerBelow(this.#random, CLUSTER_MS);
    const anywhere = integerBelow(this.#random, latestMs + 1);
    this.#lastMs = this.#random.next() < CLUSTERED && near <= latestMs ? near : anywhere;
    return this.#lastMs;
  }

  /** One, a few or all. */
  #someClients(): number[] {
    const count = logUniform(this.#random, 1, this.#clients.length);
    return sample(this.#random, this.#clients, count).sort((a, b) => a - b);
  }

  /** Of acks: a share, each nth, or all. */
  #frequency(): Pick<FaultEntry, 'probability' | 'nth'> {
    const way = this.#random.next();
    if (way < 0.6) return { probability: logUniform(this.#random, 1, 100) / 100 };
    return way < 0.9 ? { nth: logUniform(this.#random, 1, 20) } : {};
  }

  /** As it would stand in a scenario. */
  #value({ kind, min, max }: FaultParameter): string | number {
    const random = this.#random;
    const timeMs = Math.floor(this.#loadMs * TIME_SHARE_MAX);
    switch (kind) {
      case 'duration':
        return `${logUniform(random, 1, Math.max(1, Math.min(timeMs, longestMs(max))))}ms`;
      case 'bytes':
        return `${logUniform(random, 1024, BYTES_MAX)}B`;
      case 'bytes-per-second':
        return `${logUniform(random, 1, BYTES_PER_SEC_MAX)}B/s`;
      case 'ratio':
        return min === '0%' && random.next() < 0.5 ? '0%' : `${logUniform(random, 1, 100)}%`;
      case 'count':
        return logUniform(random, Number(min), Math.min(COUNT_MAX, Number(max)));
      case 'close-code':
        // After a goodbye the client is owed nothing: it ends its session itself.
        return pick(random, this.#harmless ? CLOSE_CODES.filter((code) => code !== GOODBYE) : CLOSE_CODES);
    }
  }
}

function isLate(fault: Fault): boolean {
  return fault.kind === 'lasting' && fault.lasts === 'past-resume-ttl';
}

function longestMs(text: string): number {
  const reading = parseDuration(text);
  return reading.ok ? reading.value : Number.POSITIVE_INFINITY;
}

/** A whole number from `low` to `high`, both inclusive; each order of magnitude is as likely. */
function logUniform(random: Random, low: number, high: number): number {
  const value = Math.exp(Math.log(low) + random.next() * (Math.log(high + 1) - Math.log(low)));
  return Math.min(high, Math.max(low, Math.floor(value)));
}

function weighted(
  random: Random,
  items: readonly { readonly fault: Fault; readonly weight: number }[],
): Fault {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.next() * total;
  for (const { fault, weight } of items) {
    left -= weight;
    if (left < 0) return fault;
  }
  return pick(random, items).fault;
}
