import { Arrival } from '../delivery/arrival.ts';
import type { ClientLedger } from '../delivery/ledger.ts';
import type { LossReason } from '../delivery/loss-reason.ts';
import type { PayloadReader } from '../delivery/payload-reader.ts';
import { ReconnectPace, type ReconnectPolicy } from '../delivery/reconnect-pace.ts';
import type { AckFilter, ClientObserver, DriverClient, DriverTraits } from '../drivers/driver.ts';
import type { FaultyClient } from '../faults/fault.ts';
import { CloseCode } from '../protocol/frame.ts';
import type { Clock } from '../protocol/ports.ts';
import type { ConnectionLife } from './connection-measures.ts';

/** A message between its arrival and its handling; `UNREADABLE` when it was none of this run's. */
export type Delivery = Arrival | typeof UNREADABLE | typeof RELAYED;
const UNREADABLE = { stream: -1 } as const;
/** What another client asked the server to publish: judged where the server took it. */
const RELAYED = { stream: -1 } as const;

/** Receives measurements of a client that count over all clients. */
export interface LoadClientOwner {
  handled(client: LoadClient, arrival: Arrival, nowUs: number): void;
  recovered(client: LoadClient, tookUs: number): void;
  /** A duplicate was not handled again. */
  deduplicated(): void;
  /** It has a working connection, which is the `n`-th, from 1. */
  ready(client: LoadClient): void;
  closed(client: LoadClient, code: number, reason: string): void;
  /** It was not let in. */
  refused(client: LoadClient, reason: string): void;
  /** A frame came that it has no use for. */
  unmatched(client: LoadClient, text: string): void;
  crashed(client: LoadClient): void;
  /** Its driver threw. */
  broken(client: LoadClient, error: unknown): void;
}

/**
 * A simulated client as the run sees it: the client of its driver, the ledger of what it saw, and the handles by
 * which faults get hold of it.
 */
export class LoadClient implements ClientObserver<Delivery>, FaultyClient {
  readonly client: number;
  readonly profileIndex: number;
  readonly ledger: ClientLedger;
  /** Filters of the ack faults that hold it at present, in the order of the scenario. */
  readonly ackFilters: AckFilter[] = [];
  /** Out of reach for good: by a fault that is never healed, or since it has left. */
  gone = false;
  readonly pace: ReconnectPace;
  readonly connections: ConnectionLife;
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
  /** What its positions number is a session, as the ledger wants it. */
  readonly #numbersSession: boolean;
  readonly #hasAcks: boolean;
  readonly #unnumbered: boolean;
  readonly #verbatim: boolean;
  readonly #payloads: PayloadReader;
  #driven: DriverClient<Delivery> | undefined;
  /** First attempt to get back after a loss of connection, µs; -1 when there was no loss. */
  #returningSinceUs = -1;
  #lostConnection = false;
  /** Second sockets that are not welcomed yet: until then the older one has the session. */
  #takingOver = 0;
  /** When a hello left that is not answered yet, µs; -1 when there is none. */
  #helloUs = -1;
  /** When the latest of those left that never will be, as their sockets are gone, µs; -1 when there are none. */
  #leftHelloUs = -1;

  constructor(options: {
    readonly client: number;
    readonly profileIndex: number;
    readonly ledger: ClientLedger;
    readonly reconnect: ReconnectPolicy;
    readonly connections: ConnectionLife;
    readonly traits: DriverTraits;
    /** Of the fleet, which its clients share. */
    readonly payloads: PayloadReader;
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
    this.connections = options.connections;
    const { positions, acks, verbatim } = options.traits;
    this.#verbatim = verbatim;
    this.#payloads = options.payloads;
    this.#numbersSession = positions === 'session' || positions === 'connection';
    this.#hasAcks = acks.length > 0;
    this.#unnumbered = positions === 'none';
    this.#clock = options.clock;
    this.#relayedPrefix = `${options.upstreamRun}.`;
    this.#owner = options.owner;
    // Later than its timeout a hello finds its connection closed; the word of a takeover takes as long at the most.
    this.#helloTravelUs = 2 * options.helloTimeoutMs * 1000;
  }

  /** Set once, right after construction: each of the two needs the other. */
  set driven(driven: DriverClient<Delivery>) {
    this.#driven = driven;
  }

  /** The client of the driver. */
  get driven(): DriverClient<Delivery> {
    if (this.#driven === undefined) throw new Error(`client ${this.client} has no client of a driver yet`);
    return this.#driven;
  }

  get ready(): boolean {
    return this.driven.connector.ready;
  }

  // What the driver tells.

  connecting(): void {
    const nowUs = this.#clock.nowUs();
    this.pace.connecting(nowUs);
    this.connections.dialled(nowUs);
    if (this.#lostConnection && this.#returningSinceUs < 0) this.#returningSinceUs = nowUs;
  }

  socketOpened(): void {
    this.connections.opened(this.#clock.nowUs());
  }

  handshakeRefused(status: number): void {
    this.connections.refused(status);
  }

  open(): void {
    this.#helloUs = this.#clock.nowUs();
    this.ledger.helloSent(this.#helloUs);
  }

  subscribed(session: string, told: LossReason | undefined, effectiveWithinMs?: number): void {
    const nowUs = this.#clock.nowUs();
    this.#established(nowUs);
    const effectiveByUs = effectiveWithinMs === undefined ? undefined : nowUs + effectiveWithinMs * 1000;
    this.ledger.subscribed(nowUs, session, told, effectiveByUs);
    this.#caughtUp(nowUs);
    this.#owner.ready(this);
  }

  resumed(through: number): void {
    const nowUs = this.#clock.nowUs();
    this.#established(nowUs);
    this.ledger.resumed(nowUs, through);
    this.#owner.ready(this);
  }

  refused(reason: string): void {
    this.#owner.refused(this, reason);
  }

  unmatched(text: string): void {
    this.#owner.unmatched(this, text);
  }

  #established(nowUs: number): void {
    this.pace.welcomed();
    this.connections.ready(nowUs);
    this.#helloUs = -1;
    this.olderOpen += this.#takingOver;
    this.#takingOver = 0;
  }

  message(position: number, payload: unknown, redelivered: boolean): Delivery {
    const payloads = this.#payloads;
    const place = this.#place(position);
    const isOurs = payloads.read(payload);
    if (!isOurs && !this.#verbatim) {
      this.ledger.foreign(place);
      return UNREADABLE;
    }
    const stamp = isOurs ? payloads.stamp : '';
    if (stamp.startsWith(this.#relayedPrefix)) return RELAYED;
    const body = payloads.body ?? (this.#verbatim ? '' : undefined);
    return this.ledger.received(place, stamp, body, redelivered, this.#clock.nowUs()) ?? UNREADABLE;
  }

  /** Numbers of rooms mean nothing to a ledger of the whole session. */
  #place(position: number): number {
    return this.#numbersSession ? position : 0;
  }

  deduplicated(): void {
    this.#owner.deduplicated();
  }

  handled(position: number, delivery: Delivery): void {
    if (this.#hasAcks && (position > 0 || this.#unnumbered)) this.ackable += 1;
    if (!(delivery instanceof Arrival)) return;
    const nowUs = this.#clock.nowUs();
    const first = this.ledger.handled(this.#place(position), delivery, nowUs) === 'first';
    this.probed = true;
    if (first && delivery.stream > 0) this.#owner.handled(this, delivery, nowUs);
  }

  failed(position: number, delivery: Delivery): void {
    if (!(delivery instanceof Arrival)) return;
    this.ledger.failed(this.#place(position), delivery, this.#clock.nowUs());
    // It has come, and at-most-once it will not come again.
    this.probed = true;
  }

  acked(position: number, cumulative: boolean): void {
    this.ackFrames += 1;
    if (this.#numbersSession) this.ledger.acked(position, cumulative, this.#clock.nowUs());
  }

  gap(from: number, to: number, reason: LossReason): void {
    if (this.#numbersSession) this.ledger.gap(from, to, reason, this.#clock.nowUs());
  }

  replayed(): void {
    this.#caughtUp(this.#clock.nowUs());
  }

  goodbye(): void {
    this.ledger.goodbye(this.#clock.nowUs());
  }

  closed(code: number, reason: string): void {
    const nowUs = this.#clock.nowUs();
    this.ledger.closed(nowUs, code);
    this.pace.closed(nowUs);
    this.connections.closed(nowUs, code);
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

  olderClosed(code: number): void {
    this.connections.olderClosed(code);
    if (this.#takingOver > 0) this.#takingOver -= 1;
    else this.olderOpen = Math.max(0, this.olderOpen - 1);
  }

  broken(error: unknown): void {
    this.gone = true;
    if (this.ledger.connected) this.ledger.closed(this.#clock.nowUs(), CloseCode.abnormal);
    this.#owner.broken(this, error);
  }

  #caughtUp(nowUs: number): void {
    if (this.#returningSinceUs >= 0) this.#owner.recovered(this, nowUs - this.#returningSinceUs);
    this.#returningSinceUs = -1;
    this.#lostConnection = false;
  }

  /** It leaves for good, of its own accord: nothing more is owed to it, and nothing more is heard of it. */
  leave(): void {
    const nowUs = this.#clock.nowUs();
    this.gone = true;
    this.ledger.goodbye(nowUs);
    this.driven.stop();
    this.ledger.closed(nowUs, CloseCode.goodbye);
    this.connections.settle(nowUs);
  }

  // What faults do.

  pauseReading(): void {
    this.driven.connector.pauseReading('fault');
  }

  resumeReading(): void {
    this.driven.connector.resumeReading('fault');
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.driven.connector.limitReading(bytesPerSec);
  }

  answerPings(answer: boolean): void {
    this.driven.connector.setAnswersPings(answer);
  }

  mute(muted: boolean): void {
    this.driven.connector.setMuted(muted);
  }

  reset(): void {
    this.driven.connector.reset();
  }

  drop(): void {
    this.driven.connector.drop();
  }

  close(code: number): void {
    this.driven.close(code);
  }

  sendRaw(text: string): void {
    this.driven.connector.send(text);
  }

  stayAway(): void {
    this.driven.connector.stayAway();
  }

  release(): void {
    this.pace.forgive();
    this.driven.connector.release();
  }

  setHandlerTime(timeMs: number | undefined): void {
    this.driven.inbox.handlerMs = timeMs ?? this.driven.behaviour.handlerMs;
  }

  crashBeforeNextAck(): void {
    this.driven.crashBeforeNextAck?.();
  }

  openSecondSocket(): void {
    if (this.driven.openSecondSocket?.()) this.#takingOver += 1;
  }

  forgetSession(): void {
    this.driven.forgetSession?.();
  }
}
