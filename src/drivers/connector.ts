import { type BackoffPolicy, backoffMs } from '../protocol/backoff.ts';
import { CloseCode } from '../protocol/frame.ts';
import {
  type ClientLink,
  type Dial,
  type DialRequest,
  type LinkEvents,
  LinkState,
  type Random,
  Timer,
  type Timers,
} from '../protocol/ports.ts';
import type { ConnectPace } from './connect-pace.ts';

/** Reasons to leave the socket unread; reading resumes when none is left. */
export type PauseCause = 'inbox' | 'fault';

/** The protocol on top of the connections: it hears what they carry. */
export interface ConnectorOwner {
  /** A new socket is open, and no session speaks through it yet. */
  onOpen(): void;
  /** @param older - it came on the socket that speaks for the session while a newer one is not established yet */
  onText(text: string, older: boolean): void;
  /** Absent where the protocol has no binary messages. */
  onBytes?(bytes: Uint8Array, older: boolean): void;
  /** The server has read everything that was sent on the socket opened last before `ping`. */
  onPong?(): void;
  /**
   * Asked before each attempt: where to. It may take its time, and then calls `go` or `fail` once; what it began for an
   * attempt that is given up in the meantime comes to nothing. Absent: at once, to the usual address.
   */
  prepare?(go: (request: DialRequest) => void, fail: (reason: string) => void): void;
  /** The connection is gone, which the observer is told next. */
  onLost(code: number): void;
}

/** The part of a client's observer that a connector calls. */
export interface ConnectionObserver {
  connecting(): void;
  /** A socket is open, whatever its protocol makes of it. Absent: nobody asks. */
  socketOpened?(): void;
  /** The server answered an attempt with this HTTP status instead; `closed` follows. Absent: nobody asks. */
  handshakeRefused?(status: number): void;
  closed(code: number, reason: string): void;
  olderClosed(code: number): void;
}

/** One socket. A client has one at a time, but for the moment in which a second takes over. */
class Connection implements LinkEvents {
  readonly link: ClientLink;
  /** The socket before this one, until a session speaks through this one. */
  older: Connection | undefined;
  readonly #connector: Connector;

  constructor(connector: Connector, dial: Dial, request: DialRequest | undefined) {
    this.#connector = connector;
    this.link = dial(this, request);
  }

  onOpen(): void {
    this.#connector.opened(this);
  }

  onRefused(status: number): void {
    this.#connector.refused(this, status);
  }

  onText(text: string): void {
    this.#connector.heardText(this, text);
  }

  onBytes(bytes: Uint8Array): void {
    this.#connector.heardBytes(this, bytes);
  }

  onPong(): void {
    this.#connector.heardPong(this);
  }

  onWritable(): void {}

  onClose(code: number, reason: string): void {
    this.#connector.gone(this, code, reason);
  }
}

/**
 * Keeps one client connected: dials, comes back with a backoff, and lets faults get hold of its sockets.
 *
 * It knows no protocol. Its owner says when a session is established on a connection; until then the client has
 * nothing but an open socket, and its backoff goes on.
 */
export class Connector {
  /** Attempts to connect since a session was established last. */
  attempts = 0;
  readonly #owner: ConnectorOwner;
  readonly #observer: ConnectionObserver;
  readonly #timers: Timers;
  readonly #dial: Dial;
  readonly #random: Random;
  readonly #backoff: BackoffPolicy;
  readonly #pace: ConnectPace | undefined;
  readonly #usualReadLimit: number | undefined;
  /** Made when it is needed first: most clients of a large crowd never come back. */
  #reconnectTimer: Timer | undefined;
  #pausedByInbox = false;
  #pausedByFault = false;
  #current: Connection | undefined;
  /** Sockets that a newer one took over from and that the server has not closed. */
  #superseded: Set<Connection> | undefined;
  #established = false;
  #away = false;
  /** The server let it know that it may not come back. */
  #givenUp = false;
  /** Attempts that were prepared, and the number of the one that is at present; 0: none is. */
  #prepared = 0;
  #preparing = 0;
  /** The timer that runs is that of a slot of the pace, which this client has taken. */
  #waitsForSlot = false;
  #stopped = false;
  /** The next time it comes back within this time and without a backoff; -1: it does not. */
  #returnWithinMs = -1;
  #readLimit: number | undefined;
  #muted = false;
  #answersPings = true;

  constructor(options: {
    readonly owner: ConnectorOwner;
    readonly observer: ConnectionObserver;
    readonly behaviour: { readonly reconnect: BackoffPolicy; readonly readBytesPerSec?: number };
    readonly ports: {
      readonly timers: Timers;
      readonly dial: Dial;
      readonly reconnectRandom: Random;
      readonly pace?: ConnectPace;
    };
  }) {
    const { behaviour, ports } = options;
    this.#owner = options.owner;
    this.#observer = options.observer;
    this.#timers = ports.timers;
    this.#dial = ports.dial;
    this.#random = ports.reconnectRandom;
    this.#backoff = behaviour.reconnect;
    this.#pace = ports.pace;
    this.#usualReadLimit = behaviour.readBytesPerSec;
    this.#readLimit = behaviour.readBytesPerSec;
  }

  /** A session is established, and its socket is open. */
  get ready(): boolean {
    return this.#established && this.#current?.link.state === LinkState.open;
  }

  /** Kept away by a fault. */
  get isAway(): boolean {
    return this.#away;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The socket that was opened last. */
  get link(): ClientLink | undefined {
    return this.#current?.link;
  }

  /**
   * The socket that speaks for the present session.
   *
   * Until a session is established on a new socket, that may turn out to have another session, in which an ack of the
   * old one would say that a message was handled which was not.
   */
  get speaker(): ClientLink | undefined {
    return this.#current?.older?.link ?? (this.#established ? this.#current?.link : undefined);
  }

  /** Opens a socket, unless there is one or the client is kept away. */
  connect(): void {
    if (this.#stopped || this.#away || this.#givenUp) return;
    if (this.#current !== undefined || this.#preparing > 0 || !this.#hasSlot()) return;
    this.#cancelReconnect();
    this.attempts += 1;
    this.#observer.connecting();
    if (this.#owner.prepare === undefined) this.#current = this.#open();
    else this.#prepare();
  }

  /** Whether it may connect now; else it takes a slot and connects when that has come. */
  #hasSlot(): boolean {
    if (this.#pace === undefined) return true;
    if (this.#waitsForSlot) {
      this.#waitsForSlot = this.#reconnectTimer?.armed ?? false;
      return !this.#waitsForSlot;
    }
    const waitMs = this.#pace.takeMs();
    if (waitMs <= 0) return true;
    this.#waitsForSlot = true;
    this.#reconnectIn(waitMs);
    return false;
  }

  /** Sends a frame for the present session, unless a fault mutes the client. */
  say(text: string): void {
    if (!this.#muted) this.speaker?.send(text);
  }

  /** Sends a frame on the socket opened last, whatever it stands for. */
  send(text: string): void {
    if (!this.#muted) this.#current?.link.send(text);
  }

  /** Like `say`, with a binary frame. */
  sayBytes(bytes: Uint8Array): void {
    if (!this.#muted) this.speaker?.sendBytes(bytes);
  }

  /** Like `send`, with a binary frame. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.#muted) this.#current?.link.sendBytes(bytes);
  }

  /** Pings on the socket opened last; the answer is told as `onPong`. */
  ping(): void {
    if (!this.#muted) this.#current?.link.ping();
  }

  /** A session speaks through the socket that was opened last: the backoff is over, the socket before has no say. */
  establish(): void {
    this.attempts = 0;
    this.#established = true;
    const older = this.#current?.older;
    if (older === undefined || this.#current === undefined) return;
    this.#current.older = undefined;
    this.#superseded ??= new Set();
    this.#superseded.add(older);
    // Frames that still arrive there are ignored, but an unread socket never notices that it is closed.
    older.link.resumeReading();
    older.link.limitReading(undefined);
  }

  /** Of two sockets, closes the one that a session still speaks through. */
  closeOlder(code: number, reason: string): void {
    this.#current?.older?.link.close(code, reason);
  }

  /** Reconnects after its next lost connection at a random instant within this time, without a backoff. */
  returnWithin(spreadMs: number): void {
    this.#returnWithinMs = spreadMs;
  }

  /** Does not come back after its next lost connection. */
  giveUp(): void {
    this.#givenUp = true;
  }

  /** A second socket beside the one that is open. */
  openSecond(): void {
    const older = this.#current;
    if (older === undefined) return;
    this.#current = this.#open();
    this.#current.older = older;
  }

  close(code: number, reason: string): void {
    this.#current?.link.close(code, reason);
  }

  /** Closes its sockets and never reconnects; no event follows. */
  stop(code: number, reason: string): void {
    this.#stopped = true;
    this.#cancelReconnect();
    this.closeOlder(code, reason);
    this.close(code, reason);
    for (const { link } of this.#superseded ?? []) link.close(code, reason);
    this.#established = false;
    if (this.#current !== undefined) this.#current.older = undefined;
  }

  // What faults do.

  setMuted(muted: boolean): void {
    this.#muted = muted;
  }

  /** For pings of a protocol's own; those of WebSocket are answered by the link, or not. */
  get answersPings(): boolean {
    return this.#answersPings;
  }

  setAnswersPings(answers: boolean): void {
    this.#answersPings = answers;
    if (this.#current !== undefined) this.#current.link.answerPings = answers;
  }

  /** @param bytesPerSec - undefined: back to what the profile says */
  limitReading(bytesPerSec: number | undefined): void {
    this.#readLimit = bytesPerSec ?? this.#usualReadLimit;
    this.#current?.link.limitReading(this.#readLimit);
  }

  pauseReading(cause: PauseCause): void {
    this.#setPaused(cause, true);
    this.#current?.link.pauseReading();
  }

  resumeReading(cause: PauseCause): void {
    this.#setPaused(cause, false);
    if (!this.#pausedByInbox && !this.#pausedByFault) this.#current?.link.resumeReading();
  }

  #setPaused(cause: PauseCause, paused: boolean): void {
    if (cause === 'inbox') this.#pausedByInbox = paused;
    else this.#pausedByFault = paused;
  }

  reset(): void {
    this.#current?.link.reset();
  }

  drop(): void {
    this.#current?.link.drop();
  }

  /** Stays without a connection, once it has none, until `release`. */
  stayAway(): void {
    this.#away = true;
    this.#waitsForSlot = false;
    this.#cancelReconnect();
  }

  /** Comes back at once; with a connection that is about to close, right after that. */
  release(): void {
    this.#away = false;
    if (this.#current === undefined) this.connect();
    else this.#returnWithinMs = 0;
  }

  // What the sockets say. Frames of one that a newer one has taken over from count for nothing.

  opened(connection: Connection): void {
    if (connection !== this.#current || this.#stopped) return;
    this.#established = false;
    this.#observer.socketOpened?.();
    this.#owner.onOpen();
  }

  refused(connection: Connection, status: number): void {
    if (connection === this.#current && !this.#stopped) this.#observer.handshakeRefused?.(status);
  }

  heardText(connection: Connection, text: string): void {
    if (this.#hears(connection)) this.#owner.onText(text, connection !== this.#current);
  }

  heardBytes(connection: Connection, bytes: Uint8Array): void {
    if (!this.#hears(connection)) return;
    const older = connection !== this.#current;
    if (this.#owner.onBytes === undefined) this.#owner.onText('', older);
    else this.#owner.onBytes(bytes, older);
  }

  heardPong(connection: Connection): void {
    if (connection === this.#current && !this.#stopped) this.#owner.onPong?.();
  }

  gone(connection: Connection, code: number, reason: string): void {
    if (this.#stopped) return;
    if (connection !== this.#current) {
      if (this.#current?.older === connection) {
        this.#current.older = undefined;
        this.#established = false;
      }
      this.#superseded?.delete(connection);
      this.#observer.olderClosed(code);
      return;
    }
    this.#current = undefined;
    this.#established = false;
    // It has lost the session to this one, maybe: nobody listens to it any more.
    connection.older?.link.drop();
    this.#owner.onLost(code);
    this.#observer.closed(code, reason);
    this.#comeBack();
  }

  #prepare(): void {
    this.#prepared += 1;
    const attempt = this.#prepared;
    this.#preparing = attempt;
    const isOver = (): boolean => {
      if (this.#preparing !== attempt || this.#stopped) return false;
      this.#preparing = 0;
      return true;
    };
    this.#owner.prepare?.(
      (request) => {
        if (isOver() && !this.#away) this.#current = this.#open(request);
      },
      (reason) => {
        if (!isOver()) return;
        this.#observer.closed(CloseCode.abnormal, reason);
        this.#comeBack();
      },
    );
  }

  #hears(connection: Connection): boolean {
    return !this.#stopped && (connection === this.#current || connection === this.#current?.older);
  }

  #open(request?: DialRequest): Connection {
    const connection = new Connection(this, this.#dial, request);
    connection.link.answerPings = this.#answersPings;
    if (this.#readLimit !== undefined) connection.link.limitReading(this.#readLimit);
    // A full inbox is emptied when the session is established, which has to be read first.
    if (this.#pausedByFault) connection.link.pauseReading();
    return connection;
  }

  #comeBack(): void {
    const spreadMs = this.#returnWithinMs;
    this.#returnWithinMs = -1;
    if (this.#stopped || this.#away || this.#givenUp) return;
    const waitMs =
      spreadMs >= 0
        ? spreadMs * this.#random.next()
        : backoffMs(this.#backoff, Math.max(1, this.attempts), this.#random);
    this.#reconnectIn(waitMs);
  }

  #reconnectIn(waitMs: number): void {
    this.#reconnectTimer ??= new Timer(() => this.connect());
    this.#timers.arm(this.#reconnectTimer, waitMs);
  }

  #cancelReconnect(): void {
    if (this.#reconnectTimer !== undefined) this.#timers.disarm(this.#reconnectTimer);
  }
}
