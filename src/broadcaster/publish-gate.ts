import type { OutgoingMessage } from '../protocol/message.ts';
import { type Clock, Timer, type Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { Rooms } from './rooms.ts';
import type { SessionListener } from './session-listener.ts';
import type { Statistics } from './statistics.ts';

/** Publishes that may wait at a time, over all rooms. */
export const PUBLISHES_WAITING_MAX = 1000;
const TOO_MANY_WAIT = 'too many publishes wait already';

/** Hears what became of a publish. @param refusal - undefined when it was accepted, else why not */
export type PublishSettled = (refusal: string | undefined) => void;

interface Waiting {
  readonly message: OutgoingMessage;
  readonly settled: PublishSettled;
  readonly dueUs: number;
  /** The full outbox seen last: while it is full there is no need to look at the others. */
  blocker: Session;
}

/**
 * Lets publishes into a room while all outboxes they feed have room, and makes them wait otherwise (overflow policy
 * `pause`).
 *
 * Those of one room pass in order. A wait ends after the message timeout: then the message is a gap for whoever
 * still has no room, and that client is not waited for again before its outbox has room. So one that takes nothing
 * holds a publisher up once, and not with every message.
 */
export class PublishGate implements SessionListener {
  readonly #rooms: Rooms;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #timeoutMs: number;
  readonly #statistics: Statistics;
  readonly #admit: (message: OutgoingMessage) => string | undefined;
  readonly #queues = new Map<string, Waiting[]>();
  /** Sessions that were waited for in vain. */
  readonly #hopeless = new Set<Session>();
  readonly #bytesMax: number;
  #waiting = 0;
  #bytes = 0;

  constructor(options: {
    readonly rooms: Rooms;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly timeoutMs: number;
    /** Of the messages that wait; the last of them may go over it. */
    readonly bytesMax: number;
    readonly statistics: Statistics;
    /** @returns why not, undefined when it is accepted */
    readonly admit: (message: OutgoingMessage) => string | undefined;
  }) {
    this.#rooms = options.rooms;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#timeoutMs = options.timeoutMs;
    this.#bytesMax = options.bytesMax;
    this.#statistics = options.statistics;
    this.#admit = options.admit;
    this.#timer = new Timer(() => this.#sweep());
  }

  /** Publishes that wait at present. */
  get waiting(): number {
    return this.#waiting;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Admits a message now or later. @param settled - called exactly once, at once when it need not wait */
  publish(message: OutgoingMessage, settled: PublishSettled): void {
    const queue = this.#queues.get(message.room);
    const blocker = queue?.[0]?.blocker ?? this.#blockerIn(message.room);
    if (blocker === undefined) {
      settled(this.#admit(message));
      return;
    }
    if (this.#waiting >= PUBLISHES_WAITING_MAX || this.#bytes >= this.#bytesMax) {
      settled(TOO_MANY_WAIT);
      return;
    }
    const entry = { message, settled, dueUs: this.#clock.nowUs() + this.#timeoutMs * 1000, blocker };
    if (queue === undefined) this.#queues.set(message.room, [entry]);
    else queue.push(entry);
    this.#waiting += 1;
    this.#bytes += message.sizeBytes;
    this.#statistics.pausedPublishes += 1;
    if (!this.#timer.armed) this.#timers.arm(this.#timer, this.#timeoutMs);
  }

  acked(): void {
    this.#relieved();
  }

  dropped(): void {
    this.#relieved();
  }

  discarded(session: Session): void {
    this.#hopeless.delete(session);
    this.#relieved();
  }

  /** Refuses whatever still waits. */
  stop(refusal: string): void {
    this.#timers.disarm(this.#timer);
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    this.#waiting = 0;
    this.#bytes = 0;
    for (const { settled } of queues.flat()) settled(refusal);
  }

  /** An outbox got shorter. Cheap while nothing waits. */
  #relieved(): void {
    if (this.#waiting > 0) this.#timers.arm(this.#timer, 0);
  }

  #sweep(): void {
    let dueUs = Number.POSITIVE_INFINITY;
    for (const [room, queue] of [...this.#queues]) {
      this.#advance(room, queue);
      const first = queue[0];
      if (first === undefined) this.#queues.delete(room);
      else dueUs = Math.min(dueUs, first.dueUs);
    }
    if (dueUs < Number.POSITIVE_INFINITY)
      this.#timers.arm(this.#timer, Math.max(0, (dueUs - this.#clock.nowUs()) / 1000));
  }

  /** Admits from the head of a queue what may pass now. */
  #advance(room: string, queue: Waiting[]): void {
    let passed = 0;
    for (const entry of queue) {
      const overdue = entry.dueUs <= this.#clock.nowUs();
      if (overdue) this.#giveUpWaiting(room);
      else {
        const blocker = this.#isBlocking(entry.blocker, room) ? entry.blocker : this.#blockerIn(room);
        if (blocker !== undefined) {
          entry.blocker = blocker;
          break;
        }
      }
      passed += 1;
      this.#waiting -= 1;
      this.#bytes -= entry.message.sizeBytes;
      entry.settled(this.#admit(entry.message));
    }
    queue.splice(0, passed);
  }

  #giveUpWaiting(room: string): void {
    for (let blocker = this.#blockerIn(room); blocker !== undefined; blocker = this.#blockerIn(room)) {
      this.#hopeless.add(blocker);
      this.#statistics.pauseTimeouts += 1;
    }
  }

  #blockerIn(room: string): Session | undefined {
    for (const session of this.#rooms.members(room)) if (this.#isFull(session)) return session;
    return undefined;
  }

  #isBlocking(session: Session, room: string): boolean {
    return this.#rooms.isMember(session, room) && this.#isFull(session);
  }

  #isFull(session: Session): boolean {
    const { outbox, sequenced } = session;
    if (!sequenced || !outbox.isFull) {
      if (this.#hopeless.size > 0) this.#hopeless.delete(session);
      return false;
    }
    return !this.#hopeless.has(session);
  }
}
