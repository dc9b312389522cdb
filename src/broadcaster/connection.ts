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
const SECOND_US = 1_000_000;

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
  | 'refused'
  | 'draining';

/** Codes with which a link closes by itself. */
const CAUSES_OF_LINK: ReadonlyMap<number, CloseCause> = new Map([
  [CloseCode.slowConsumer, 'not-reading'],
  [CloseCode.internalError, 'internal-error'],
]);

/** Whom a connection hands over what it hears. */
export interface ConnectionOwner {
  readonly statistics: Statistics;
  readonly settings: { readonly bufferBytesMax: number; readonly framesPerSecMax: number };
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
  /** What came with it that tells who the client is. */
  readonly credentials: unknown;
  session: Session | undefined;
  heartbeat: Heartbeat | undefined;
  /** Said by the server when it closed; `peer` when the client or the network did. */
  cause: CloseCause = 'peer';
  readonly #broadcaster: ConnectionOwner;
  readonly #timers: Timers;
  readonly #helloTimer: Timer;
  readonly #intake: FrameIntake;
  #asking = false;
  readonly #clock: Clock;
  #frames = 0;
  /** Since when those count, µs. */
  #framesSinceUs = Number.NEGATIVE_INFINITY;
  #rateTimer: Timer | undefined = undefined;
  #malformed = 0;

  constructor(options: {
    readonly broadcaster: ConnectionOwner;
    readonly link: Link;
    readonly credentials: unknown;
    readonly timers: Timers;
    readonly clock: Clock;
    readonly helloTimeoutMs: number;
  }) {
    this.link = options.link;
    this.link.bufferBytesMax = options.broadcaster.settings.bufferBytesMax;
    this.credentials = options.credentials;
    this.#broadcaster = options.broadcaster;
    this.#timers = options.timers;
    this.#clock = options.clock;
    this.#helloTimer = new Timer(() =>
      this.close(CloseCode.noHello, this.#asking ? 'not authorized in time' : 'no hello', 'no-hello'),
    );
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
    this.heartbeat?.pong();
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
    if (this.cause !== 'peer' || this.#asking) this.#intake.discard();
    else this.#intake.release();
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
    this.#frames += 1;
    if (this.#frames >= this.#broadcaster.settings.framesPerSecMax) this.#slowDown();
    try {
      this.#dispatch(frame);
    } catch (error) {
      if (!(error instanceof PeerViolation)) throw error;
      this.#onViolation(error);
    }
  }

  /**
   * Waits for an answer from outside, at most until the time for the hello is over. Frames that come meanwhile wait, and
   * the socket is not read.
   *
   * @param ask - gets what has to be called with the answer
   * @param answered - not called when the connection has gone or was closed meanwhile
   */
  consult<A>(ask: (settled: (answer: A) => void) => void, answered: (answer: A) => void): void {
    this.#asking = true;
    let later = false;
    ask((answer) => {
      if (!this.#asking || this.cause !== 'peer' || this.link.state !== LinkState.open) return;
      this.#asking = false;
      if (later) this.#answerLater(() => answered(answer));
      else answered(answer);
    });
    later = true;
    if (this.#asking) this.#intake.hold();
  }

  /** Nobody up the stack takes what is thrown here: it must cost this connection and nothing else. */
  #answerLater(answer: () => void): void {
    this.#timers.disarm(this.#helloTimer);
    try {
      answer();
    } catch (error) {
      if (error instanceof PeerViolation) this.#onViolation(error);
      else this.link.fail(error);
    }
    this.#intake.release();
  }

  /** A second's worth of frames has come. If it took less, the next one waits for the rest of it. */
  #slowDown(): void {
    const nowUs = this.#clock.nowUs();
    const restUs = this.#framesSinceUs + SECOND_US - nowUs;
    this.#frames = 0;
    this.#framesSinceUs = Math.max(nowUs, nowUs + restUs);
    if (restUs <= 0) return;
    this.#broadcaster.statistics.framesDelayed += 1;
    this.#intake.hold();
    this.#rateTimer ??= new Timer(() => this.#intake.release());
    this.#timers.arm(this.#rateTimer, restUs / 1000);
  }

  #onViolation({ message }: PeerViolation): void {
    this.#broadcaster.statistics.protocolErrors += 1;
    this.close(CloseCode.protocolError, message, 'protocol-error');
  }

  #stopTimers(): void {
    if (this.#rateTimer !== undefined) this.#timers.disarm(this.#rateTimer);
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
    this.#broadcaster.greet(this, hello);
    if (!this.#asking) this.#timers.disarm(this.#helloTimer);
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
