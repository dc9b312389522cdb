import type { IncomingMessage } from 'node:http';
import type { DeliveryLevel } from '../protocol/frame.ts';
import type { Origins } from '../world/real/admission.ts';

/** What can be chosen; everything has a default. Durations in ms, sizes in bytes. */
export interface BroadcasterOptions {
  /** `at-least-once` (default) and `effectively-once` keep what was not acked; `at-most-once` sends and forgets. */
  readonly delivery?: DeliveryLevel;
  /** How long an ack may take before the message is sent again. Default 5000. */
  readonly ackTimeoutMs?: number;
  /** Unanswered resends after which a message becomes a dead letter. Default 5. */
  readonly maxResend?: number;
  /** Wait before a nacked message is tried again, doubled with each nack. Default 1000. */
  readonly nackBackoffMs?: number;
  /** Messages that are kept for one client. Default 1000. */
  readonly maxPending?: number;
  /**
   * Bytes of messages that are kept for one client, and for all together, where a message that several wait for counts
   * once. A client's outbox is full as well when it holds as much as is left of the total, so that the longest are
   * full first. Default 16 MiB and 128 MiB.
   */
  readonly outboxBytesMax?: number;
  readonly outboxBytesTotalMax?: number;
  /**
   * What happens to a message for a client whose outbox is full: `reject` it (default), give up its oldest
   * (`drop-oldest`), `disconnect` it, or make the publish wait (`pause`). The client is told of every loss.
   */
  readonly overflow?: 'reject' | 'drop-oldest' | 'disconnect' | 'pause';
  /** How long the session of a client without a connection is kept. Default 30 000. */
  readonly resumeTtlMs?: number;
  /** How long a new connection may take to say hello. Default 5000. */
  readonly helloTimeoutMs?: number;
  /** A socket with more than this buffered is not written to. Default 1 MiB. */
  readonly bufferBytesMax?: number;
  /** Time between two pings, how long a pong may take, and how many may be missed. Default 30 000, 10 000 and 2. */
  readonly pingIntervalMs?: number;
  readonly pongTimeoutMs?: number;
  readonly missedPongsMax?: number;
  /** A pong may be late by the time that reading what was sent before its ping takes at this rate. Default 32 768. */
  readonly readBytesPerSecMin?: number;
  /** Clients written to before others get their turn, and the pause after that. Default 100 and 10. */
  readonly batchSize?: number;
  readonly batchDelayMs?: number;
  /** After this a send that has not left counts as failed, and a publish that waits gives up waiting. Default 5000. */
  readonly messageTimeoutMs?: number;
  /** Bytes of publishes that wait (`pause`); more are refused. Default 32 MiB. */
  readonly waitingBytesMax?: number;
  /** Bytes that one client may have sent without an answer, and all together; more is refused. Default 4 and 32 MiB. */
  readonly requestBytesMax?: number;
  readonly requestBytesTotalMax?: number;
  /** Newest dead letters that `deadLetters` returns, and their bytes. Default 1000 and 16 MiB. */
  readonly deadLettersKept?: number;
  readonly deadLetterBytesMax?: number;
  /**
   * Handles what clients send, each message once per session. A text that it returns refuses the message and says why;
   * what it throws or rejects with refuses it as well. Absent: clients can publish and nothing else.
   */
  readonly onMessage?: (message: ClientMessage) => string | undefined | Promise<string | undefined>;
  /**
   * Decides who a client is, by the request that opened the connection. What it throws or rejects with refuses the
   * client, and so does taking longer than the hello may. Absent: any client may call itself anything, and a hello that
   * asks for no session ends nobody else's.
   */
  readonly authorize?: (request: IncomingMessage, hello: AskedHello) => Verdict | Promise<Verdict>;
  /**
   * Whether a client may be in a room other than `*`; asked at each hello, resume and join. What it throws refuses. What
   * was queued for the client before it lost a room is still delivered.
   */
  readonly canJoin?: (client: Client, room: string) => boolean;
  /** Whether a client may publish to a room; also asked, with the type `message`, for what it says to a room. */
  readonly canPublish?: (client: Client, room: string, type: string) => boolean;
  /**
   * Pages that may connect, by the header `Origin` of browsers: a list such as `['https://example.org']`, a function, or
   * `any`. Others get HTTP 403. Default `same`: only pages of the host that they connect to.
   */
  readonly origins?: Origins;
  /** Connections and sessions at a time. Default 10 000 and 20 000. */
  readonly connectionsMax?: number;
  readonly sessionsMax?: number;
  /** Frames a second of one connection; a faster one is read more slowly. Default 10 000. */
  readonly framesPerSecMax?: number;
  /** Connections a second, over all and from one address; more get HTTP 429. Default 1000, and no limit of its own. */
  readonly connectionsPerSecMax?: number;
  readonly connectionsPerSecPerAddressMax?: number;
}

/** What a client asks for. */
export interface AskedHello {
  readonly clientId: string;
  readonly rooms: readonly string[];
  /** It asks for a session that it had. */
  readonly resumes: boolean;
}

export type Verdict =
  | {
      readonly allowed: true;
      /** Who the client is, whatever it says; absent: who it says. */
      readonly clientId?: string;
      /** Handed to `canJoin` and `canPublish`. */
      readonly context?: unknown;
    }
  | { readonly allowed: false; readonly reason: string };

export interface Client {
  readonly clientId: string;
  /** As `authorize` gave it at the client's last hello. */
  readonly context: unknown;
}

export interface ClientMessage {
  readonly clientId: string;
  readonly type: string;
  readonly payload: unknown;
}
