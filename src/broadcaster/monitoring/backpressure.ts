import type { Clock } from '../../protocol/ports.ts';
import type { Session } from '../../protocol/session.ts';

/** Clients whose drops are counted one by one. */
const CLIENTS_MAX = 10_000;

/** Warns of sockets whose buffer fills up, at most once per interval and client; counts what full ones cost. */
export class Backpressure {
  readonly #bufferBytesWarn: number;
  readonly #warnIntervalMs: number;
  readonly #clock: Clock;
  readonly #onWarning: (session: Session, bufferedBytes: number) => void;
  readonly #warnedUs = new Map<Session, number>();
  readonly #drops = new Map<string, number>();

  constructor(options: {
    readonly bufferBytesWarn: number;
    readonly warnIntervalMs: number;
    readonly clock: Clock;
    readonly onWarning: (session: Session, bufferedBytes: number) => void;
  }) {
    this.#bufferBytesWarn = options.bufferBytesWarn;
    this.#warnIntervalMs = options.warnIntervalMs;
    this.#clock = options.clock;
    this.#onWarning = options.onWarning;
  }

  /** Looks at the buffer of a session that has just been written to. */
  check(session: Session, bufferedBytes: number): void {
    if (bufferedBytes <= this.#bufferBytesWarn) return;
    const nowUs = this.#clock.nowUs();
    const lastUs = this.#warnedUs.get(session) ?? Number.NEGATIVE_INFINITY;
    if (nowUs - lastUs < this.#warnIntervalMs * 1000) return;
    this.#warnedUs.set(session, nowUs);
    this.#onWarning(session, bufferedBytes);
  }

  /**
   * A message for this client was dropped because its buffer was full.
   *
   * @returns how many were by now; 0 when there are too many clients to count for each
   */
  dropped(clientId: string): number {
    const known = this.#drops.get(clientId) ?? 0;
    if (known === 0 && this.#drops.size >= CLIENTS_MAX) return 0;
    this.#drops.set(clientId, known + 1);
    return known + 1;
  }

  /** Messages dropped because of a full buffer, by client, since the beginning. */
  get drops(): ReadonlyMap<string, number> {
    return this.#drops;
  }

  forget(session: Session): void {
    this.#warnedUs.delete(session);
  }
}
