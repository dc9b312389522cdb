/**
 * What the pure rooms ask of the world. `world/real` binds these to Node and `ws`, `world/virtual` to an event
 * heap; nothing else in the pure rooms knows time, sockets or chance.
 */

/** One monotonic clock, comparable between all processes of a machine. */
export interface Clock {
  /** Microseconds from an arbitrary origin; never goes backwards. */
  nowUs(): number;
}

/**
 * A deadline that its owner keeps and arms again and again: no allocation per arming.
 *
 * The fields belong to the `Timers` it is armed in.
 */
export class Timer {
  readonly fire: () => void;
  /** Instant at which it is due, µs; -1 while it is not armed. */
  dueUs = -1;
  /** Bookkeeping of the `Timers` implementation. */
  entry: unknown = undefined;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  get armed(): boolean {
    return this.dueUs >= 0;
  }
}

export interface Timers {
  /** Arms `timer` to fire once, `delayMs` from now; an armed timer is moved. Never fires synchronously. */
  arm(timer: Timer, delayMs: number): void;
  /** Harmless when the timer is not armed. */
  disarm(timer: Timer): void;
}

/** A seeded stream of numbers; one stream per consumer and purpose. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** Names that nobody can guess: 128 random bits as text, for sessions, tokens and epochs. */
export type NewId = () => string;

/** States of a WebSocket, with the numbers every WebSocket API gives them. */
export const LinkState = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;
export type LinkState = (typeof LinkState)[keyof typeof LinkState];

/**
 * The part of a frame that many peers get: encoded once, shared by all.
 *
 * A link may keep its encoded form in `bytes`.
 */
export class SharedText {
  readonly text: string;
  bytes: Uint8Array | undefined = undefined;

  constructor(text: string) {
    this.text = text;
  }
}

/** `bufferBytesMax` of a link before its owner has set it. */
export const BUFFER_BYTES_MAX = 1_048_576;

/** Room for one largest message, begun below `bufferBytesMax`, and for the small frames that follow it. */
export const OVERRUN_BYTES_MAX = 2 * 1_048_576;

/** A link whose peer does not answer the closing handshake is dropped after this time. */
export const CLOSE_TIMEOUT_MS = 3000;

/** One open WebSocket, seen from either end. Frames leave in the order they were handed over. */
export interface Link {
  readonly state: LinkState;
  /** Bytes handed over and not yet taken by the kernel, frames queued in this turn included. */
  readonly bufferedBytes: number;
  /** Bytes of texts that were handed over in all. */
  readonly sentBytes: number;
  /** Bytes of the peer that have been read in all, those of frames included that are not complete. */
  readonly receivedBytes: number;
  /** With true, frames queued in one turn leave as one JSON array. */
  batch: boolean;
  /**
   * Bytes that may wait for a peer that does not read. Senders look at `bufferedBytes` before they send a message.
   * Over the limit no ping is sent, and a link that is handed `OVERRUN_BYTES_MAX` more closes with 4429.
   */
  bufferBytesMax: number;
  /** Queues a frame; ignored unless the link is open. */
  send(text: string): void;
  /** Queues the frame `head + tail.text`; ignored unless the link is open. */
  sendShared(head: string, tail: SharedText): void;
  /**
   * Pings the peer, ahead of the frames that are queued.
   *
   * @returns how many of `sentBytes` left before it: the peer has read them when it answers
   */
  ping(): number;
  /** Starts the closing handshake; terminates by itself when the peer does not answer in `CLOSE_TIMEOUT_MS`. */
  close(code: number, reason: string): void;
  /** Drops the socket without a closing handshake. */
  terminate(): void;
  /** Stops taking bytes from the kernel, so that its receive buffer fills; control frames stay unread too. */
  pauseReading(): void;
  resumeReading(): void;
  /** Its owner failed, outside of any event of the link: costs this link, where there is somebody to tell. */
  fail(error: unknown): void;
}

/** What a link tells its owner. Nothing comes after `onClose`, which comes exactly once. */
export interface LinkEvents {
  /** The WebSocket handshake is complete (dialled links only; an accepted link is open). */
  onOpen(): void;
  /** The server answered the opening handshake with this HTTP status and opens no WebSocket; `onClose` follows. */
  onRefused?(status: number): void;
  onText(text: string): void;
  /** A binary message, good during the call; absent where the protocol has none. */
  onBytes?(bytes: Uint8Array): void;
  /** Any pong frame. */
  onPong(): void;
  /** Everything buffered has left, after `bufferedBytes` had grown past what the kernel took at once. */
  onWritable(): void;
  /** @param code - WebSocket close code; 1006 when the socket went away without a close frame */
  onClose(code: number, reason: string): void;
}

/** Tells an owner of a binary message, which to a protocol of texts is a malformed one. */
export function tellBytes(events: LinkEvents, bytes: Uint8Array): void {
  if (events.onBytes === undefined) events.onText('');
  else events.onBytes(bytes);
}

/** Takes an accepted link and says who wants to hear of it. */
export type Accept = (link: Link) => LinkEvents;

/** A dialled link: a client's end, with the ways in which a client's socket misbehaves. */
export interface ClientLink extends Link {
  /** With false, pings of the server stay unanswered. */
  answerPings: boolean;
  /** Queues a binary frame; ignored unless the link is open. @param bytes - must not change afterwards */
  sendBytes(bytes: Uint8Array): void;
  /** Takes at most so many bytes per second from the kernel; `undefined` lifts the limit. */
  limitReading(bytesPerSec: number | undefined): void;
  /** Closes the socket with a TCP RST. */
  reset(): void;
  /** Closes the socket with a TCP FIN and no close frame. */
  drop(): void;
}

/** Where one attempt to connect goes, when not to the usual address. */
export interface DialRequest {
  /** `ws://` or `wss://`. */
  readonly url?: string;
  /** Of the opening handshake, beside those that every attempt has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In the place of those that every attempt offers. */
  readonly subprotocols?: readonly string[];
}

/** From dialling to the open link, where nobody says otherwise. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Opens a link. A refused or failed connection is `onClose(1006, reason)`. */
export type Dial = (events: LinkEvents, request?: DialRequest) => ClientLink;

export interface HttpRequest {
  readonly method: string;
  /** `http://` or `https://`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: none. */
  readonly body?: string;
  readonly timeoutMs: number;
}

export type HttpAnswer =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string }
  /** No answer came: why, and whether the server may have taken the request. */
  | { readonly failure: string; readonly sent: boolean };

/** Sends one HTTP request. `done` is called exactly once, later, unless the returned function cancels it before. */
export type Http = (request: HttpRequest, done: (answer: HttpAnswer) => void) => () => void;
