import type { GapReason, Welcome } from '../../protocol/frame.ts';
import type { Clock, Dial, Random, Timers } from '../../protocol/ports.ts';
import type { ServerTextDecoder } from '../../protocol/server-text-decoder.ts';
import type { Subscriber } from './subscriber.ts';

/**
 * What whoever watches a client is told, as it happens.
 *
 * `D` is what `received` makes of a message; it comes back when the handler is through with it.
 */
export interface SubscriberObserver<D extends object> {
  connecting(subscriber: Subscriber<D>): void;
  /** A hello leaves. @param resumeFrom - declared as handled, -1 when no resume is asked for */
  helloSent(subscriber: Subscriber<D>, resumeFrom: number): void;
  welcomed(subscriber: Subscriber<D>, welcome: Welcome, askedResume: boolean): void;
  received(subscriber: Subscriber<D>, seq: number, payload: unknown, attempt: number): D;
  /** It was handled before and is not handled again. */
  deduplicated(subscriber: Subscriber<D>, seq: number, delivery: D): void;
  handled(subscriber: Subscriber<D>, seq: number, delivery: D): void;
  failed(subscriber: Subscriber<D>, seq: number, delivery: D): void;
  acked(subscriber: Subscriber<D>, seq: number, cumulative: boolean): void;
  gap(subscriber: Subscriber<D>, from: number, to: number, reason: GapReason): void;
  /** Everything missed while away has arrived. */
  replayed(subscriber: Subscriber<D>): void;
  closed(subscriber: Subscriber<D>, code: number, reason: string): void;
  /** A socket that a newer one has taken over from was closed by the server. */
  olderClosed(subscriber: Subscriber<D>, code: number): void;
}

/** `down`: an ack for what the server sent, about to leave. `up`: the server's ack for what the client sent. */
export type AckDirection = 'down' | 'up';

/** What a fault makes of an ack; undefined lets it pass. Of the server's acks it can only lose or delay some. */
export type AckFilter = (
  direction: AckDirection,
) =>
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'duplicate'; readonly copies: number }
  | { readonly kind: 'nack' }
  | undefined;

export interface SubscriberPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly dial: Dial;
  /** Shared by the clients of a process. */
  readonly decoder: ServerTextDecoder;
  /** For reconnect jitter and for handler failures, apart. */
  readonly reconnectRandom: Random;
  readonly handlerRandom: Random;
}
