import { type Clock, Timer, type Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { Rooms } from './rooms.ts';
import type { SessionListener } from './session-listener.ts';

/** Shares of an outbox's cap: from the higher one on its publishers are asked to pause, until it is at the lower. */
const HIGH_RATIO = 0.8;
const LOW_RATIO = 0.5;
/** Rooms that are remembered of one publisher; of more, the oldest are forgotten. */
const ROOMS_MAX = 100;

interface Publisher {
  /** In the order in which it published to them last. */
  readonly rooms: Set<string>;
  /** It was told to pause. */
  told: boolean;
}

/**
 * Tells clients that publish when an outbox they feed is near its cap, and when they may go on.
 *
 * Only clients that are connected and take something count: one that has acked nothing for a while would keep its
 * publishers waiting as long as it likes.
 */
export class PublisherPressure implements SessionListener {
  readonly #rooms: Rooms;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #high: number;
  readonly #low: number;
  readonly #patienceUs: number;
  readonly #tell: (publisher: Session, high: boolean) => void;
  readonly #publishers = new Map<Session, Publisher>();
  /** Sessions near their cap, with the instant at which they last took something, µs. */
  readonly #pressing = new Map<Session, number>();
  /** Near their cap as well, but they have taken nothing for too long. */
  readonly #hopeless = new Set<Session>();
  readonly #tellTimer: Timer;
  readonly #patienceTimer: Timer;

  constructor(options: {
    readonly rooms: Rooms;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly maxPending: number;
    /** How long a client may take nothing and still make its publishers pause. */
    readonly patienceMs: number;
    readonly tell: (publisher: Session, high: boolean) => void;
  }) {
    this.#rooms = options.rooms;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#high = Math.ceil(options.maxPending * HIGH_RATIO);
    this.#low = Math.floor(options.maxPending * LOW_RATIO);
    this.#patienceUs = options.patienceMs * 1000;
    this.#tell = options.tell;
    this.#tellTimer = new Timer(() => this.#tellAll());
    this.#patienceTimer = new Timer(() => this.#loseHope());
  }

  /** A client has published to a room. */
  published(publisher: Session, room: string): void {
    let known = this.#publishers.get(publisher);
    if (known === undefined) {
      known = { rooms: new Set(), told: false };
      this.#publishers.set(publisher, known);
    }
    const fresh = !known.rooms.delete(room);
    known.rooms.add(room);
    if (known.rooms.size > ROOMS_MAX) {
      for (const oldest of known.rooms) {
        known.rooms.delete(oldest);
        break;
      }
    }
    if (fresh && this.#pressing.size > 0) this.#soon();
  }

  /** An outbox got longer. */
  grew(session: Session): void {
    const { pending, bytes, bytesMax } = session.outbox;
    if (pending < this.#high && bytes < bytesMax * HIGH_RATIO) return;
    if (this.#pressing.has(session) || this.#hopeless.has(session) || !session.connected) return;
    this.#pressing.set(session, this.#clock.nowUs());
    if (!this.#patienceTimer.armed) this.#timers.arm(this.#patienceTimer, this.#patienceUs / 1000);
    this.#soon();
  }

  acked(session: Session): void {
    this.#shrank(session);
  }

  dropped(session: Session): void {
    this.#shrank(session);
  }

  /** The client knows nothing of what was said on the socket before. */
  owned(session: Session): void {
    const publisher = this.#publishers.get(session);
    if (publisher === undefined) return;
    publisher.told = false;
    if (this.#pressing.size > 0) this.#soon();
  }

  /** Without a socket it takes nothing for a while. */
  released(session: Session): void {
    this.#hopeless.delete(session);
    if (this.#pressing.delete(session)) this.#soon();
  }

  discarded(session: Session): void {
    this.released(session);
    this.#publishers.delete(session);
  }

  stop(): void {
    this.#timers.disarm(this.#tellTimer);
    this.#timers.disarm(this.#patienceTimer);
    this.#pressing.clear();
    this.#hopeless.clear();
    this.#publishers.clear();
  }

  /** An outbox got shorter. Cheap while none is near its cap. */
  #shrank(session: Session): void {
    if (this.#pressing.size + this.#hopeless.size === 0) return;
    const { pending, bytes, bytesMax } = session.outbox;
    if (pending <= this.#low && bytes <= bytesMax * LOW_RATIO) {
      this.#hopeless.delete(session);
      if (this.#pressing.delete(session)) this.#soon();
    } else if (this.#pressing.has(session)) this.#pressing.set(session, this.#clock.nowUs());
  }

  /** Not within the loop that filled or emptied the outbox. */
  #soon(): void {
    if (!this.#tellTimer.armed) this.#timers.arm(this.#tellTimer, 0);
  }

  #tellAll(): void {
    const pressed = new Map<string, boolean>();
    for (const [session, publisher] of this.#publishers) {
      let high = false;
      for (const room of publisher.rooms) {
        const state = pressed.get(room) ?? this.#isPressed(room);
        pressed.set(room, state);
        high ||= state;
      }
      if (high === publisher.told || !session.connected) continue;
      publisher.told = high;
      this.#tell(session, high);
    }
  }

  #isPressed(room: string): boolean {
    for (const session of this.#pressing.keys()) if (this.#rooms.isMember(session, room)) return true;
    return false;
  }

  #loseHope(): void {
    const nowUs = this.#clock.nowUs();
    let nextUs = Number.POSITIVE_INFINITY;
    for (const [session, tookUs] of [...this.#pressing]) {
      if (tookUs + this.#patienceUs > nowUs) nextUs = Math.min(nextUs, tookUs + this.#patienceUs);
      else {
        this.#pressing.delete(session);
        this.#hopeless.add(session);
        this.#soon();
      }
    }
    if (nextUs < Number.POSITIVE_INFINITY) this.#timers.arm(this.#patienceTimer, (nextUs - nowUs) / 1000);
  }
}
