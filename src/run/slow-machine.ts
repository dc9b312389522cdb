import { type NamedTimeout, shortestTimeout } from '../scenario/shortest-timeout.ts';
import { type GeneratorState, generatorState } from './generator.ts';
import type { RunRecord } from './run-record.ts';

/** A message and its ack pass the event loops of server and worker twice each: so many waits lie on one way. */
const WAITS = 4;

/** What a machine that was too slow for its run may have caused; in virtual time no machine is. */
export class SlowMachine {
  readonly #state: GeneratorState;
  readonly #timeout: NamedTimeout;

  constructor(record: RunRecord) {
    this.#state = generatorState(record);
    this.#timeout = shortestTimeout(record.scenario);
  }

  /** Times are worthless, for better or worse. */
  get isInvalid(): boolean {
    return this.#state.objections.length > 0;
  }

  /**
   * Why it may be the cause of what time decides, in words; undefined when it can't.
   *
   * @param missedByUs - by how much a duration missed its bound, where it is one
   */
  doubt(missedByUs = Number.POSITIVE_INFINITY): string | undefined {
    const { objections, suspicions, longestDelay } = this.#state;
    const [reason] = [...objections, ...suspicions];
    if (reason !== undefined) return reason;
    const { us, of, worker } = longestDelay;
    const late =
      of === 'schedule'
        ? 'the schedule slipped'
        : `the event loop of ${worker === undefined ? 'the server' : `worker ${worker}`} stood still`;
    const by = `${late} for ${Math.round(us / 1000)}ms`;
    if (us >= missedByUs) return by;
    if (us * WAITS < this.#timeout.ms * 1000) return undefined;
    return `${by}, and ${this.#timeout.name} is ${this.#timeout.ms}ms`;
  }
}
