import type { Session } from '../protocol/session.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { SessionListener } from './session-listener.ts';

/** So many failed sends on one socket are put up with. */
const FAILURES_MAX = 2;

/** Tells whose sends fail again and again on their present socket. */
export class FailingSends implements SessionListener {
  readonly #failures = new Map<Session, number>();
  readonly #heartbeatOf: (session: Session) => Heartbeat | undefined;

  constructor(heartbeatOf: (session: Session) => Heartbeat | undefined) {
    this.#heartbeatOf = heartbeatOf;
  }

  /** Not alive and failing again and again: left alone until it shows life; its outbox keeps what it is owed. */
  isHealthy(session: Session): boolean {
    const failures = this.#failures.get(session);
    if (failures === undefined || failures <= FAILURES_MAX) return true;
    return this.#heartbeatOf(session)?.healthy ?? false;
  }

  owned(session: Session): void {
    this.#failures.delete(session);
  }

  released(session: Session): void {
    this.#failures.delete(session);
  }

  sendFailed(session: Session): void {
    this.#failures.set(session, (this.#failures.get(session) ?? 0) + 1);
  }
}
