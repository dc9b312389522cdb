import { Arrival } from '../delivery/arrival.ts';
import type { ClientLedger } from '../delivery/ledger.ts';
import { ReconnectPace, type ReconnectPolicy } from '../delivery/reconnect-pace.ts';
import type { AckFilter, SubscriberObserver } from '../drivers/wsdeliver/observer.ts';
import type { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { FaultyClient } from '../faults/fault.ts';
import { CloseCode, type GapReason, type Welcome } from '../protocol/frame.ts';
import type { Clock } from '../protocol/ports.ts';

/** A message between its arrival and its handling; `UNREADABLE` when it was none of this run's. */
export type Delivery = Arrival | typeof UNREADABLE | typeof RELAYED;
const UNREADABLE = { stream: -1 } as const;
/** What another client asked the server to publish: judged where the server took it. */
const RELAYED = { stream: -1 } as const;

/** Whom a client tells what is measured over all clients. */
export interface LoadClientOwner {
  handled(client: LoadClient, arrival: Arrival, nowUs: number): void;
  recovered(client: LoadClient, tookUs: number): void;
  /** A duplicate was not handled again. */
  deduplicated(): void;
  /** It has a working connection, which is the `n`-th, from 1. */
  ready(client: LoadClient): void;
  closed(client: LoadClient, code: number, reason: string): void;
  crashed(client: LoadClient): void;
}

/**
 * A simulated client as the run sees it: the protocol's subscriber, the ledger of what it saw, and the handles by
 * which faults get hold of it.
 */
export class LoadClient implements SubscriberObserver<Delivery>, FaultyClient {
  readonly client: number;
  readonly profileIndex: number;
  readonly ledger: ClientLedger;
  /** Filters of the ack faults that hold it at present, in the order of the scenario. */
  readonly ackFilters: AckFilter[] = [];
  /** Out of reach for good: by a fault that is never healed. */
  gone = false;
  readonly pace: ReconnectPace;
  /** When the server last closed its only connection for an owner that was none of its own, µs; -1 when it never did. */
  takenOverUs = -1;
  /** Sockets that a newer one took over from and that the server has not closed yet. */
  olderOpen = 0;
  probed = false;
  /** A fault of the plan is meant for it. */
  touched = false;
  /** Acks that left, and messages with a seq that were handled: whoever sent them, and however often. */
  ackFrames = 0;
  ackable = 0;
  readonly #clock: Clock;
  readonly #relayedPrefix: string;
  readonly #owner: LoadClientOwner;
  readonly #helloTravelUs: number;
  #subscriber: Subscriber<Delivery> | undefined;
  /** First attempt to get back after a loss of connection, µs; -1 when there was no loss. */
  #returningSinceUs = -1;
  #lostConnection = false;
  /** Second sockets that are not welcomed yet: until then the older one has the session. */
  #takingOver = 0;
  /** What the latest hello declared as handled. */
  #declared = -1;
  /** When a hello left that is not answered yet, µs; -1 when there is none. */
  #helloUs = -1;
  /** When the latest of those left that never will be, as their sockets are gone, µs; -1 when there are none. */
  #leftHelloUs = -1;

  constructor(options: {
    readonly client: number;
    readonly profileIndex: number;
    readonly ledger: ClientLedger;
    readonly reconnect: ReconnectPolicy;
    /** Identity of what clients send. */
    readonly upstreamRun: string;
    readonly clock: Clock;
    readonly owner: LoadClientOwner;
    /** As of the server. */
    readonly helloTimeoutMs: number;
  }) {
    this.client = options.client;
    this.profileIndex = options.profileIndex;
    this.ledger = options.ledger;
    this.pace = new ReconnectPace(options.reconnect);
    this.#clock = options.clock;
    this.#relayedPrefix = `${options.upstreamRun}.`;
    this.#owner = options.owner;
    // Later than its timeout a hello finds its connection closed; the word of a takeover takes as long at the most.
    this.#helloTravelUs = 2 * options.helloTimeoutMs * 1000;
  }

  /** Set once, right after construction: each of the two needs the other. */
  set subscriber(subscriber: Subscriber<Delivery>) {
    this.#subscriber = subscriber;
  }

  get subscriber(): Subscriber<Delivery> {
    if (this.#subscriber === undefined) throw new Error(`client ${this.client} has no subscriber yet`);
    return this.#subscriber;
  }

  get ready(): boolean {
    return this.subscriber.ready;
  }

  // What the subscriber tells.

  connecting(): void {
    const nowUs = this.#clock.nowUs();
    this.pace.connecting(nowUs);
    if (this.#lostConnection && this.#returningSinceUs < 0) this.#returningSinceUs = nowUs;
  }

  helloSent(_subscriber: Subscriber<Delivery>, resumeFrom: number): void {
    this.#helloUs = this.#clock.nowUs();
    this.ledger.helloSent(this.#helloUs);
    this.#declared = resumeFrom;
  }

  welcomed(_subscriber: Subscriber<Delivery>, welcome: Welcome, askedResume: boolean): void {
    const nowUs = this.#clock.nowUs();
    this.pace.welcomed();
    this.#helloUs = -1;
    this.olderOpen += this.#takingOver;
    this.#takingOver = 0;
    if (welcome.resumed) this.ledger.resumed(nowUs, this.#declared);
    else {
      const reset = askedResume ? (welcome.reason ?? 'unknown-session') : undefined;
      this.ledger.subscribed(nowUs, welcome.session, reset);
      this.#caughtUp(nowUs);
    }
    this.#owner.ready(this);
  }

  received(_subscriber: Subscriber<Delivery>, seq: number, payload: unknown, attempt: number): Delivery {
    const { stamp, body } = (payload ?? {}) as { readonly stamp?: unknown; readonly body?: unknown };
    const stampText = typeof stamp === 'string' ? stamp : '';
    const bodyText = typeof body === 'string' ? body : '';
    if (stampText.startsWith(this.#relayedPrefix)) return RELAYED;
    return this.ledger.received(seq, stampText, bodyText, attempt > 1, this.#clock.nowUs()) ?? UNREADABLE;
  }

  deduplicated(): void {
    this.#owner.deduplicated();
  }

  handled(_subscriber: Subscriber<Delivery>, seq: number, delivery: Delivery): void {
    if (seq > 0) this.ackable += 1;
    if (!(delivery instanceof Arrival)) return;
    const nowUs = this.#clock.nowUs();
    const first = this.ledger.handled(seq, delivery, nowUs) === 'first';
    if (delivery.stream === 0) this.probed = true;
    else if (first) this.#owner.handled(this, delivery, nowUs);
  }

  failed(_subscriber: Subscriber<Delivery>, seq: number, delivery: Delivery): void {
    if (!(delivery instanceof Arrival)) return;
    this.ledger.failed(seq, delivery, this.#clock.nowUs());
    // It has come, and at-most-once it will not come again.
    if (delivery.stream === 0) this.probed = true;
  }

  acked(_subscriber: Subscriber<Delivery>, seq: number, cumulative: boolean): void {
    this.ackFrames += 1;
    this.ledger.acked(seq, cumulative, this.#clock.nowUs());
  }

  gap(_subscriber: Subscriber<Delivery>, from: number, to: number, reason: GapReason): void {
    this.ledger.gap(from, to, reason, this.#clock.nowUs());
  }

  replayed(): void {
    this.#caughtUp(this.#clock.nowUs());
  }

  closed(_subscriber: Subscriber<Delivery>, code: number, reason: string): void {
    const nowUs = this.#clock.nowUs();
    this.ledger.closed(nowUs, code);
    this.pace.closed(nowUs);
    if (this.#helloUs >= 0) this.#leftHelloUs = this.#helloUs;
    this.#helloUs = -1;
    if (code === CloseCode.takenOver && !this.#mayBeItself(nowUs)) this.takenOverUs = nowUs;
    this.#lostConnection = true;
    this.#owner.closed(this, code, reason);
  }

  /** A hello that was on its way when its client left for another socket takes the session over when it arrives. */
  #mayBeItself(nowUs: number): boolean {
    return this.#leftHelloUs >= 0 && nowUs - this.#leftHelloUs < this.#helloTravelUs;
  }

  olderClosed(): void {
    if (this.#takingOver > 0) this.#takingOver -= 1;
    else this.olderOpen = Math.max(0, this.olderOpen - 1);
  }

  #caughtUp(nowUs: number): void {
    if (this.#returningSinceUs >= 0) this.#owner.recovered(this, nowUs - this.#returningSinceUs);
    this.#returningSinceUs = -1;
    this.#lostConnection = false;
  }

  // What faults do.

  pauseReading(): void {
    this.subscriber.pauseReading('fault');
  }

  resumeReading(): void {
    this.subscriber.resumeReading('fault');
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.subscriber.limitReading(bytesPerSec);
  }

  answerPings(answer: boolean): void {
    this.subscriber.setAnswersPings(answer);
  }

  mute(muted: boolean): void {
    this.subscriber.setMuted(muted);
  }

  reset(): void {
    this.subscriber.reset();
  }

  drop(): void {
    this.subscriber.drop();
  }

  close(code: number): void {
    // A normal closure is a goodbye: the client itself ends the session.
    if (code === CloseCode.goodbye && this.ready) this.ledger.goodbye(this.#clock.nowUs());
    this.subscriber.close(code);
  }

  sendRaw(text: string): void {
    this.subscriber.sendRaw(text);
  }

  stayAway(): void {
    this.subscriber.stayAway();
  }

  release(): void {
    this.pace.forgive();
    this.subscriber.release();
  }

  setHandlerTime(timeMs: number | undefined): void {
    this.subscriber.inbox.handlerMs = timeMs ?? this.subscriber.profile.handlerMs;
  }

  crashBeforeNextAck(): void {
    this.subscriber.crashBeforeNextAck();
  }

  openSecondSocket(): void {
    if (this.subscriber.openSecondSocket()) this.#takingOver += 1;
  }

  forgetSession(): void {
    this.subscriber.forgetSession();
  }
}
