import type { Hello, RefusalReason } from '../protocol/frame.ts';
import { type Clock, Timer, type Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';

/** Ends of sessions that a late resume is told the reason of; older ones become `unknown-session`. */
const REMEMBERED_ENDS_MAX = 100_000;

export type Claim =
  | { readonly kind: 'resume'; readonly session: Session }
  | { readonly kind: 'fresh'; readonly reason?: RefusalReason; readonly replaced?: Session };

/**
 * The sessions of one incarnation, in memory: found by id, by client, and forgotten when their client stays away
 * longer than the TTL. After a restart the store is empty and its epoch is another.
 */
export class MemoryStore {
  readonly epoch: string;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #expire: (session: Session) => void;
  readonly #sessions = new Map<string, Session>();
  readonly #latestOf = new Map<string, Session>();
  /** Of clients with several sessions, those beside the latest. */
  readonly #othersOf = new Map<string, Set<Session>>();
  /** Absent sessions in the order in which they left, with their deadline, µs. */
  readonly #absent = new Map<Session, number>();
  readonly #ends = new Map<string, RefusalReason>();

  constructor(options: {
    readonly epoch: string;
    readonly ttlMs: number;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly expire: (session: Session) => void;
  }) {
    this.epoch = options.epoch;
    this.#ttlMs = options.ttlMs;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#expire = options.expire;
    this.#timer = new Timer(() => this.#expireDue());
  }

  get size(): number {
    return this.#sessions.size;
  }

  get absent(): number {
    return this.#absent.size;
  }

  sessions(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** The newest session of a client; when that has ended, any other. */
  latestOf(clientId: string): Session | undefined {
    return this.#latestOf.get(clientId);
  }

  /** Every session under a client id: several clients may use the same where nobody checks. */
  sessionsOf(clientId: string): readonly Session[] {
    const latest = this.#latestOf.get(clientId);
    return latest === undefined ? [] : [latest, ...(this.#othersOf.get(clientId) ?? [])];
  }

  add(session: Session): void {
    const { id, clientId } = session.identity;
    const before = this.#latestOf.get(clientId);
    if (before !== undefined) this.#othersFor(clientId).add(before);
    this.#sessions.set(id, session);
    this.#latestOf.set(clientId, session);
  }

  /**
   * Decides which session a hello gets.
   *
   * A client id is no secret: a hello with nothing else, or with a wrong token, leaves other sessions alone. One whose
   * client id is vouched for, and that asks for no session, replaces the absent session of that client. None touches a
   * session that is connected.
   *
   * @param vouched - somebody has checked that this is the client
   */
  claim(hello: Hello, vouched: boolean): Claim {
    const asked = hello.resume;
    if (asked === undefined) {
      const latest = this.#latestOf.get(hello.clientId);
      return vouched && latest !== undefined && !latest.connected
        ? { kind: 'fresh', replaced: latest }
        : { kind: 'fresh' };
    }
    if (asked.epoch !== this.epoch) return { kind: 'fresh', reason: 'restart' };
    const session = this.#sessions.get(asked.session);
    if (session === undefined)
      return { kind: 'fresh', reason: this.#ends.get(asked.session) ?? 'unknown-session' };
    if (!session.tokens.accept(asked.token) || session.identity.clientId !== hello.clientId) {
      return { kind: 'fresh', reason: 'bad-token' };
    }
    return { kind: 'resume', session };
  }

  /** The client is back. */
  present(session: Session): void {
    this.#absent.delete(session);
  }

  /** The client has no socket any more: its time runs. */
  away(session: Session): void {
    this.#absent.delete(session);
    this.#absent.set(session, this.#clock.nowUs() + this.#ttlMs * 1000);
    if (!this.#timer.armed) this.#timers.arm(this.#timer, this.#ttlMs);
  }

  /** Forgets a session; a later resume is told `reason`. */
  remove(session: Session, reason: RefusalReason): void {
    this.#sessions.delete(session.identity.id);
    this.#absent.delete(session);
    this.#unlink(session);
    this.#ends.set(session.identity.id, reason);
    if (this.#ends.size <= REMEMBERED_ENDS_MAX) return;
    const oldest = this.#ends.keys().next();
    if (!oldest.done) this.#ends.delete(oldest.value);
  }

  #othersFor(clientId: string): Set<Session> {
    let others = this.#othersOf.get(clientId);
    if (others === undefined) {
      others = new Set();
      this.#othersOf.set(clientId, others);
    }
    return others;
  }

  #unlink(session: Session): void {
    const { clientId } = session.identity;
    const others = this.#othersOf.get(clientId);
    if (this.#latestOf.get(clientId) !== session) others?.delete(session);
    else {
      const heir = others?.values().next().value;
      if (heir === undefined) this.#latestOf.delete(clientId);
      else {
        others?.delete(heir);
        this.#latestOf.set(clientId, heir);
      }
    }
    if (others?.size === 0) this.#othersOf.delete(clientId);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  #expireDue(): void {
    const nowUs = this.#clock.nowUs();
    for (const [session, dueUs] of this.#absent) {
      if (dueUs > nowUs) {
        this.#timers.arm(this.#timer, (dueUs - nowUs) / 1000);
        return;
      }
      this.#absent.delete(session);
      this.#expire(session);
    }
  }
}
