import {
  type Action,
  type ClientFrame,
  CloseCode,
  type Envelope,
  encodeNotice,
  type Hello,
} from '../protocol/frame.ts';
import { PeerViolation } from '../protocol/peer-violation.ts';
import { type Clock, type Link, type LinkEvents, LinkState, Timer, type Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import { costOf } from './frame-cost.ts';
import { FrameIntake } from './frame-intake.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Rooms } from './rooms.ts';
import type { Statistics } from './statistics.ts';
import type { Turns } from './turns.ts';

const MALFORMED_MAX = 10;

/** Why a connection ended, for statistics and for whoever must know that the server noticed. */
export type CloseCause =
  | 'peer'
  | 'no-hello'
  | 'missed-pongs'
  | 'taken-over'
  | 'protocol-error'
  | 'slow-consumer'
  | 'not-reading'
  | 'internal-error'
  | 'problematic'
  | 'draining';

/** Codes with which a link closes by itself. */
const CAUSES_OF_LINK: ReadonlyMap<number, CloseCause> = new Map([
  [CloseCode.slowConsumer, 'not-reading'],
  [CloseCode.internalError, 'internal-error'],
]);

/** Whom a connection hands over what it hears. */
export interface ConnectionOwner {
  readonly statistics: Statistics;
  readonly settings: { readonly bufferBytesMax: number };
  readonly rooms: Rooms;
  readonly turns: Turns;
  greet(connection: Connection, hello: Hello): void;
  /** Takes an upstream message, and answers it at once or later. */
  receive(session: Session, frame: Envelope): void;
  act(session: Session, frame: Action): void;
  disconnected(connection: Connection, code: number): void;
}

/**
 * One accepted socket: greets, then hands every frame to the session it speaks for.
 *
 * It owns the session only while the broadcaster says so. After a takeover its frames count for nothing.
 */
export class Connection implements LinkEvents {
  readonly link: Link;
  session: Session | undefined;
  heartbeat: Heartbeat | undefined;
  /** Said by the server when it closed; `peer` when the client or the network did. */
  cause: CloseCause = 'peer';
  readonly #broadcaster: ConnectionOwner;
  readonly #timers: Timers;
  readonly #helloTimer: Timer;
  readonly #intake: FrameIntake;
  #malformed = 0;

  constructor(options: {
    readonly broadcaster: ConnectionOwner;
    readonly link: Link;
    readonly timers: Timers;
    readonly clock: Clock;
    readonly helloTimeoutMs: number;
  }) {
    this.link = options.link;
    this.link.bufferBytesMax = options.broadcaster.settings.bufferBytesMax;
    this.#broadcaster = options.broadcaster;
    this.#timers = options.timers;
    this.#helloTimer = new Timer(() => this.close(CloseCode.noHello, 'no hello', 'no-hello'));
    this.#intake = new FrameIntake(this, { clock: options.clock, turns: options.broadcaster.turns });
    this.#timers.arm(this.#helloTimer, options.helloTimeoutMs);
  }

  onOpen(): void {}

  onText(text: string): void {
    if (this.link.state !== LinkState.open) return;
    this.heartbeat?.life();
    this.#intake.take(text);
  }

  onPong(): void {
    this.heartbeat?.life();
    const session = this.session;
    if (session === undefined) return;
    session.tokens.welcomeArrived();
    session.pump();
  }

  onWritable(): void {
    this.session?.pump();
  }

  /** What the peer said before it went away still counts. */
  onClose(code: number): void {
    this.#stopTimers();
    if (this.cause === 'peer') this.cause = CAUSES_OF_LINK.get(code) ?? 'peer';
    if (this.cause !== 'peer') this.#intake.discard();
    this.#intake.end(() => this.#broadcaster.disconnected(this, code));
  }

  /** Says what may get lost. A peer that does not read must not pile it up: over the limit it is not said. */
  say(text: string): void {
    if (this.link.bufferedBytes <= this.#broadcaster.settings.bufferBytesMax) this.link.send(text);
  }

  close(code: number, reason: string, cause: CloseCause): void {
    this.cause = cause;
    this.stop();
    this.link.close(code, reason);
  }

  /** Takes the session away: the socket closes, and what it still says counts for nothing. */
  displace(): void {
    this.session = undefined;
    this.close(CloseCode.takenOver, 'taken over', 'taken-over');
  }

  stop(): void {
    this.#stopTimers();
    this.#intake.discard();
  }

  costOf(frame: ClientFrame): number {
    return costOf(frame, this.session, this.#broadcaster.rooms);
  }

  handle(frame: ClientFrame): void {
    if (this.cause !== 'peer') return;
    // A frame that has waited is life as well: the peer is not read meanwhile, nor are its pongs.
    this.heartbeat?.life();
    try {
      this.#dispatch(frame);
    } catch (error) {
      if (!(error instanceof PeerViolation)) throw error;
      this.#broadcaster.statistics.protocolErrors += 1;
      this.close(CloseCode.protocolError, error.message, 'protocol-error');
    }
  }

  #stopTimers(): void {
    this.#timers.disarm(this.#helloTimer);
    this.heartbeat?.stop();
  }

  #dispatch(frame: ClientFrame): void {
    if (frame.kind === 'malformed') {
      this.#onMalformed(frame.reason);
      return;
    }
    if (frame.kind === 'hello') {
      this.#onHello(frame);
      return;
    }
    const session = this.session;
    if (session === undefined) {
      this.#onMalformed('hello comes first');
      return;
    }
    // An answer to what came after the welcome.
    if (frame.kind === 'ack' || frame.kind === 'nack') session.tokens.welcomeArrived();
    switch (frame.kind) {
      case 'ack':
        this.#broadcaster.statistics.ackFrames += 1;
        session.onAck(frame.seq, frame.cumulative, frame.from);
        return;
      case 'nack':
        this.#broadcaster.statistics.nacks += 1;
        session.onNack(frame.seq, frame.retry);
        return;
      case 'envelope':
        this.#broadcaster.receive(session, frame);
        return;
      case 'action':
        this.#broadcaster.act(session, frame);
    }
  }

  #onHello(hello: Hello): void {
    if (this.session !== undefined) {
      this.#onMalformed('hello comes once');
      return;
    }
    this.#timers.disarm(this.#helloTimer);
    this.#broadcaster.greet(this, hello);
  }

  #onMalformed(reason: string): void {
    this.#broadcaster.statistics.malformed += 1;
    this.#malformed += 1;
    if (this.#malformed > MALFORMED_MAX) {
      this.#broadcaster.statistics.protocolErrors += 1;
      this.close(CloseCode.protocolError, 'too many malformed frames', 'protocol-error');
    } else {
      this.say(encodeNotice('error', { message: reason }));
    }
  }
}
