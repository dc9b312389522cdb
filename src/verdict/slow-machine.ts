import type { Lateness } from '../delivery/reason.ts';
import { type NamedTimeout, shortestTimeout } from '../scenario/shortest-timeout.ts';
import { type GeneratorState, generatorState } from './generator.ts';
import type { RunRecord } from './run-record.ts';

/** A message and its ack pass the event loops of server and worker twice each: so many waits lie on one way. */
const WAITS = 4;

/** What a machine that was too slow for its run may have caused; in virtual time no machine is. */
export class SlowMachine {
  readonly #state: GeneratorState;
  readonly #timeout: NamedTimeout;
  readonly #lost: Lateness | undefined;

  constructor(record: RunRecord) {
    this.#state = generatorState(record);
    this.#timeout = shortestTimeout(record.scenario);
    const lost = record.workers.find((worker) => worker.lost !== undefined);
    this.#lost = lost === undefined ? undefined : { code: 'worker-lost', worker: lost.worker };
  }

  /** Times are worthless, for better or worse. */
  get isInvalid(): boolean {
    return this.#state.status === 'invalid';
  }

  /**
   * What was late, and may be the cause of what time decides; undefined when nothing can.
   *
   * @param missedByUs - by how much a duration missed its bound, where it is one
   */
  lateness(missedByUs = Number.POSITIVE_INFINITY): Lateness | undefined {
    const { late, longestDelay } = this.#state;
    // The clients of a worker that hangs are as slow as clients can be, and the server sees them for a while.
    const [first = this.#lost] = late;
    if (first !== undefined) return first;
    const { us, of, worker } = longestDelay;
    const where = worker === undefined ? { of } : { of, worker };
    if (us >= missedByUs) return { code: 'stood-still', ...where, us };
    const { name, ms } = this.#timeout;
    if (us * WAITS < ms * 1000) return undefined;
    return { code: 'stood-still-near-timeout', ...where, us, timeout: name, timeoutMs: ms };
  }
}
