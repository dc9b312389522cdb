import type { LossReason } from '../delivery/loss-reason.ts';
import type { BackoffPolicy } from '../protocol/backoff.ts';
import type { AckMode, DeliveryLevel } from '../protocol/frame.ts';
import type { Clock, Dial, Http, Random, Timers } from '../protocol/ports.ts';
import type { ConnectPace } from './connect-pace.ts';
import type { Connector } from './connector.ts';
import type { Inbox } from './inbox.ts';

/**
 * The contract of a driver: the client's side of one protocol, as a synchronous state machine without sockets and
 * without a clock of its own.
 *
 * A driver *declares* what its protocol has, its clients *tell* an observer what happens to them, and faults get hold
 * of a client by its handles. Whatever a client of the protocol would learn is told; what it can't learn is not.
 * Dialling, coming back and everything that a fault does to a socket is the business of the `Connector`, the same for
 * every protocol.
 */
export interface Driver {
  /** As in a scenario. */
  readonly name: string;
  readonly traits: DriverTraits;
  /** The address that clients dial, made of the one that a scenario names; absent: the same. */
  addressOf?(url: string): string;
  /** Offered in the opening handshake, unless a target says others; absent: none. */
  readonly subprotocols?: readonly string[];
  /** For the clients of one process, which may share what they parse. */
  newClients(): NewClient;
}

/** How long a server may take for a subscription that it does not confirm, unless something else is known. */
export const SUBSCRIPTION_EFFECTIVE_MS = 5000;

/** What a protocol has. */
export interface DriverTraits {
  /** How a client goes on after a lost connection: not at all, from a position it kept, or with the server's session. */
  readonly resume: 'none' | 'position' | 'session';
  /** Modes in which a client may ack messages; empty when the protocol has no acks. */
  readonly acks: readonly AckMode['mode'][];
  /** What the numbers of messages count: none, those of a connection, of a session, or of a room. */
  readonly positions: 'none' | 'connection' | 'session' | 'room';
  /** The server tells which messages will never come. */
  readonly gaps: boolean;
  /** A publish is answered: accepted or rejected. */
  readonly confirmsPublishes: boolean;
  /** What the protocol promises unless the server says otherwise. */
  readonly level: DeliveryLevel;
  /** Its messages are binary frames, at least in part; its clients are dialled accordingly. */
  readonly binary: boolean;
  /**
   * A server sends its clients payloads as they were published, and nothing else: whatever differs is an anomaly. Other
   * servers wrap and rename, and have messages of others to send.
   */
  readonly verbatim: boolean;
  /** Fault handles that its clients have, beyond those of every connection. */
  readonly handles: readonly FaultHandle[];
}

/**
 * What only some protocols let a fault do: touch acks, turn one into a nack, die between handler and ack, come back
 * with a second socket or without the session, and say the room actions of wsdeliver.v1.
 */
export type FaultHandle = 'acks' | 'nacks' | 'crash' | 'second-socket' | 'forget-session' | 'room-actions';

export type NewClient = <D extends object>(options: ClientOptions<D>) => DriverClient<D>;

export interface ClientOptions<D extends object> {
  readonly clientId: string;
  /** What templates of the driver's options may ask for, beyond what the driver itself knows. */
  readonly values: ClientValues;
  readonly behaviour: ClientBehaviour;
  readonly ports: DriverPorts;
  readonly observer: ClientObserver<D>;
}

/** What is known of a client before it connects; a template names each by its path: `user.token`, `env.HOME`. */
export interface ClientValues {
  readonly client: { readonly index: number; readonly id: string };
  /** The client's row of the users file; absent: there is none. */
  readonly user?: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly services: Readonly<Record<string, { readonly port: number }>>;
}

export interface DriverPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly dial: Dial;
  /** Absent: each client connects when it wants to. */
  readonly pace?: ConnectPace;
  /** For reconnect jitter and for handler failures, apart. */
  readonly reconnectRandom: Random;
  readonly handlerRandom: Random;
  /** For what a client makes up: ids, nonces. */
  readonly contentRandom: Random;
  readonly http: Http;
  /** Time of day, ms since 1970. */
  readonly epochMs: () => number;
}

/** How a simulated client behaves while nothing is wrong; a driver obeys what its protocol has. */
export interface ClientBehaviour {
  readonly rooms: readonly string[];
  readonly ack: AckMode;
  /** Effectively-once: how far above a hole messages are held, in positions. */
  readonly dedupWindow: number;
  readonly reconnect: BackoffPolicy;
  readonly handlerMs: number;
  /** Share of handler calls that fail, 0..1. */
  readonly handlerFailureRatio: number;
  /** A failed handler sends a nack; else it stays silent and the ack timeout brings the message again. */
  readonly nack: boolean;
  /** A nack asks for another try; else the server gives the message up. Absent: it does. */
  readonly nackRetry?: boolean;
  /** Several messages may come in one frame. */
  readonly batch: boolean;
  /** How long a publish waits for the server's answer before it is sent again; absent: as the driver has it. */
  readonly publishTimeoutMs?: number;
  readonly readBytesPerSec?: number;
}

/** One simulated client of a driver. */
export interface DriverClient<D extends object> {
  readonly behaviour: ClientBehaviour;
  /** Its connections: to connect it, and for what a fault does to them. */
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  /** A fault's hand on acks; only with the handle `acks`. */
  ackFilter: AckFilter | undefined;
  /** Publishes without an answer, those that wait included. */
  readonly unanswered: number;
  /** The server asked it to publish no more for the time being. */
  readonly askedToPause: boolean;
  /** Publishes now, or as soon as it may. */
  publish(request: ClientPublish): void;
  /** Starts the closing handshake; what the code means for the session is the protocol's. */
  close(code: number): void;
  /** Leaves for good: gives up on every answer, and tells its observer nothing any more. */
  stop(): void;
  /** The process dies after the next handler call and before its ack, then comes back with what it had acked. */
  crashBeforeNextAck?(): void;
  /** The next connection begins a new session. */
  forgetSession?(): void;
  /**
   * A second socket for the same session, while the first is still open and working.
   *
   * @returns false when there is no session that a second socket could resume
   */
  openSecondSocket?(): boolean;
}

export interface ClientPublish {
  /** Absent: for the server's application alone. */
  readonly room: string | undefined;
  readonly type: string;
  /** A JSON text: `{"stamp":…,"body":…}`. */
  readonly payloadText: string;
  readonly stamp: string;
  readonly body: string;
  /** Number of the message in its stream, from 1. */
  readonly seq: number;
  /** Called exactly once, maybe at once. */
  readonly settle: (outcome: PublishOutcome) => void;
}

export type PublishOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** The answer got lost, or the client gave up on it: it may have been accepted or not. */
  | { readonly kind: 'unknown' }
  /** It left, and the protocol answers nothing. */
  | { readonly kind: 'unconfirmed' };

/**
 * Observes the events of one client, as they happen; none after `stop`.
 *
 * `D` is what `message` makes of a message; it comes back when the handler is through with it. A position is the
 * place of a message as the protocol numbers it, from 1, and 0 where it has no number.
 */
export interface ClientObserver<D extends object> {
  /** It dials. */
  connecting(): void;
  /** Its socket is open, whatever is to be said before it asks for anything. */
  socketOpened?(): void;
  /** The server answered the opening handshake with this HTTP status; `closed` follows. */
  handshakeRefused?(status: number): void;
  /** Its socket is open, and it asks for its rooms or for the session it had: from now on it may be sent messages. */
  open(): void;
  /**
   * It is in all its rooms, with nothing of what it had before.
   *
   * @param session - the server's name for it, empty where the protocol has none
   * @param told - why what it had before is gone, as the client learned it; undefined when it learned nothing
   * @param effectiveWithinMs - the protocol confirms no subscription: how long the server may take for it at most
   */
  subscribed(session: string, told: LossReason | undefined, effectiveWithinMs?: number): void;
  /** Its session goes on. @param through - everything up to here it had declared handled when it asked */
  resumed(through: number): void;
  /** It may not join; whether it tries again is the protocol's. */
  refused(reason: string): void;
  /**
   * @param payload - what the protocol carries: a JSON value, a text or bytes; stamp and body are found in it wherever
   *   the server put them
   */
  message(position: number, payload: unknown, redelivered: boolean): D;
  /** It was handled before and is not handled again. */
  deduplicated(position: number, delivery: D): void;
  handled(position: number, delivery: D): void;
  failed(position: number, delivery: D): void;
  /** An ack leaves. */
  acked(position: number, cumulative: boolean): void;
  /** The messages at these positions will never come. */
  gap(from: number, to: number, reason: LossReason): void;
  /** Everything missed while away has arrived. */
  replayed(): void;
  /** The client ends its session for good: nothing more is owed to it. */
  goodbye(): void;
  closed(code: number, reason: string): void;
  /** A frame came that the client has no use for. */
  unmatched?(text: string): void;
  /** What the frame at hand turned out to be, in words; a frame may be several things. */
  explained?(what: string): void;
  /** A socket that a newer one has taken over from is gone. */
  olderClosed(code: number): void;
  /** Its driver, a module of the user's own, threw this: the client does nothing from now on. Told by the run alone. */
  broken?(error: unknown): void;
}

/** `down`: an ack for what the server sent, about to leave. `up`: the server's ack for what the client sent. */
export type AckDirection = 'down' | 'up';

/** What becomes of an ack that a fault picked. Of the server's acks it can only lose or delay some. */
export type AckFate =
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'duplicate'; readonly copies: number }
  | { readonly kind: 'nack' };

/** Undefined lets the ack pass. */
export type AckFilter = (direction: AckDirection) => AckFate | undefined;
