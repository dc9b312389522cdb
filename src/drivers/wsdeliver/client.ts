import type { LossReason } from '../../delivery/loss-reason.ts';
import { AckPolicy } from '../../protocol/ack-policy.ts';
import { DedupWindow } from '../../protocol/dedup-window.ts';
import {
  CloseCode,
  type DeliveryLevel,
  type Envelope,
  encodeAck,
  encodeGapAck,
  encodeHello,
  encodeNack,
  type GapReason,
  type RefusalReason,
  type ResumeRequest,
  type ServerFrame,
  type Welcome,
} from '../../protocol/frame.ts';
import { Timer } from '../../protocol/ports.ts';
import type { ServerTextDecoder } from '../../protocol/server-text-decoder.ts';
import { Connector, type ConnectorOwner } from '../connector.ts';
import type {
  AckFilter,
  ClientBehaviour,
  ClientObserver,
  ClientOptions,
  ClientPublish,
  DriverClient,
  DriverPorts,
} from '../driver.ts';
import { Inbox, type InboxOwner } from '../inbox.ts';
import { answerText, binaryAnswerText } from './answer.ts';
import { Upstream } from './upstream.ts';

const PUBLISH_TIMEOUT_MS = 5000;

/** What a refused resume says of the messages that the session still held. */
const LOSS_BY_REFUSAL: Record<RefusalReason, LossReason> = {
  expired: 'session-expired',
  restart: 'restart',
  // A server that doesn't know the session any more has discarded it.
  'unknown-session': 'session-expired',
  overflow: 'overflow',
  'bad-token': 'replaced',
};

export interface WsdeliverOptions<D extends object> extends ClientOptions<D> {
  /** Shared by the clients of a process. */
  readonly decoder: ServerTextDecoder;
}

/**
 * A client of wsdeliver.v1: says hello, handles, acks, and asks for its session when it comes back.
 *
 * What survives a connection is the session (id, token, epoch) and the dedup window; the rest is new each time.
 */
export class WsdeliverClient<D extends object> implements DriverClient<D>, ConnectorOwner, InboxOwner<D> {
  readonly clientId: string;
  readonly behaviour: ClientBehaviour;
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  ackFilter: AckFilter | undefined;
  /** As the server said at last; decides whether duplicates are handled and in what order. */
  protected level: DeliveryLevel = 'at-least-once';
  protected readonly window: DedupWindow;
  protected readonly ports: DriverPorts;
  protected readonly observer: ClientObserver<D>;
  readonly #decoder: ServerTextDecoder;
  readonly #upstream: Upstream;
  readonly #ackPolicy: AckPolicy;
  readonly #ackTimer: Timer;
  readonly #onFrame: (frame: ServerFrame) => void;
  /** Acks that a fault holds back. */
  #delayed: Set<Timer> | undefined;
  #session: { readonly id: string; readonly token: string; readonly epoch: string } | undefined;
  /** It has had a session before. */
  #returning = false;
  /** What the latest hello declared as handled; -1 when it did not ask for a session. */
  #declared = -1;
  #crashing = false;
  /** After a crash: the highest seq known to be acked, declared at the next resume; else -1. */
  #crashedAt = -1;

  constructor(options: WsdeliverOptions<D>) {
    const { behaviour, ports, observer } = options;
    this.clientId = options.clientId;
    this.behaviour = behaviour;
    this.ports = ports;
    this.observer = observer;
    this.#decoder = options.decoder;
    this.connector = new Connector({ owner: this, observer, behaviour, ports });
    this.window = new DedupWindow(behaviour.dedupWindow);
    const { connector, window } = this;
    this.inbox = new Inbox({ owner: this, connector, window, behaviour, ports });
    this.#upstream = new Upstream({
      say: (text) => this.connector.say(text),
      clock: ports.clock,
      timers: ports.timers,
      ackTimeoutMs: behaviour.publishTimeoutMs ?? PUBLISH_TIMEOUT_MS,
    });
    this.#ackPolicy = new AckPolicy(behaviour.ack);
    this.#ackTimer = new Timer(() => this.#ackCumulative());
    this.#onFrame = (frame) => this.#dispatch(frame);
  }

  get unanswered(): number {
    return this.#upstream.pending;
  }

  get askedToPause(): boolean {
    return this.#upstream.paused;
  }

  publish({ room, type, payloadText, settle }: ClientPublish): void {
    if (room === undefined) {
      this.#upstream.send({ type, payloadText, settle });
      return;
    }
    const target = `"room":${JSON.stringify(room)},"type":${JSON.stringify(type)}`;
    this.#upstream.send({ type: 'publish', payloadText: `{${target},"payload":${payloadText}}`, settle });
  }

  /** Sends a goodbye, which ends the session. */
  stop(): void {
    this.connector.stop(CloseCode.goodbye, 'goodbye');
    this.inbox.stop();
    this.ports.timers.disarm(this.#ackTimer);
    for (const timer of this.#delayed ?? []) this.ports.timers.disarm(timer);
    this.#upstream.abandon();
  }

  // What faults do.

  /** 1000 is a goodbye: the session ends with the connection, and the next one is new. */
  close(code: number): void {
    if (code === CloseCode.goodbye) {
      if (this.connector.ready) this.observer.goodbye();
      this.forgetSession();
    }
    this.connector.close(code, 'closed by the client');
  }

  crashBeforeNextAck(): void {
    this.#crashing = true;
  }

  forgetSession(): void {
    this.#session = undefined;
  }

  openSecondSocket(): boolean {
    if (!this.connector.ready || this.#session === undefined) return false;
    this.connector.openSecond();
    return true;
  }

  // What the connector says.

  onOpen(): void {
    const resume = this.resumption(this.#crashedAt >= 0 ? this.#crashedAt : this.window.floor);
    this.#declared = resume?.lastSeq ?? -1;
    if (resume !== undefined) this.#ackPolicy.declare(resume.lastSeq);
    this.#crashedAt = -1;
    this.observer.open();
    const { rooms, ack, batch } = this.behaviour;
    const { clientId } = this;
    const asked = resume === undefined ? {} : { resume };
    this.connector.send(encodeHello({ kind: 'hello', clientId, rooms, ack, batch, gapAcks: true, ...asked }));
    if (this.connector.link !== undefined) this.connector.link.batch = batch;
  }

  onText(text: string, older: boolean): void {
    if (this.connector.ready || older) this.#decoder.decode(text, this.#onFrame);
    else this.#decodeAnswer(text);
  }

  /** Ignored like any malformed frame: the protocol has texts only. */
  onBytes(bytes: Uint8Array, older: boolean): void {
    if (!this.connector.ready && !older)
      this.observer.refused(`it answers a hello with ${binaryAnswerText(bytes)}`);
  }

  /** A server of another protocol may take a hello and answer something else: then its words are the reason. */
  #decodeAnswer(text: string): void {
    this.#decoder.decode(text, (frame) => {
      const isError = frame.kind === 'notice' && frame.type === 'error';
      if ((isError || frame.kind === 'malformed') && !this.connector.ready)
        this.observer.refused(`it answers a hello with ${answerText(text)}`);
      this.#dispatch(frame);
    });
  }

  onLost(): void {
    this.#upstream.onClose();
    this.ports.timers.disarm(this.#ackTimer);
  }

  // What the inbox says.

  onHandled(seq: number, delivery: D): void {
    if (seq > 0) this.window.add(seq);
    this.observer.handled(seq, delivery);
    if (seq === 0 || this.connector.stopped) return;
    if (this.#crashing) this.#crash(seq);
    else this.ack(seq);
  }

  onFailed(seq: number, delivery: D): void {
    this.observer.failed(seq, delivery);
    if (seq === 0 || !this.behaviour.nack) return;
    this.connector.say(
      this.behaviour.nackRetry === false ? encodeNack(seq, { retry: false }) : encodeNack(seq),
    );
  }

  /** Acks one handled seq, or a gap, when the policy says so. */
  protected ack(seq: number, from = seq): void {
    if (this.behaviour.ack.mode === 'each') this.sendAck(seq, false, from);
    else if (this.#ackPolicy.isDue(this.window.floor)) this.#ackCumulative();
    else if (!this.#ackTimer.armed) this.ports.timers.arm(this.#ackTimer, this.behaviour.ack.delayMs);
  }

  /** @param from - `seq`, but for a gap where it begins */
  protected sendAck(seq: number, cumulative: boolean, from = seq): void {
    if (this.connector.speaker === undefined) return;
    const text = from < seq ? encodeGapAck(from, seq) : encodeAck(seq, cumulative);
    const fate = this.ackFilter?.('down');
    switch (fate?.kind) {
      case undefined:
        this.observer.acked(seq, cumulative);
        this.connector.say(text);
        return;
      case 'lose':
        return;
      case 'delay':
        this.#later(fate.delayMs, () => {
          this.observer.acked(seq, cumulative);
          this.connector.say(text);
        });
        return;
      case 'duplicate':
        this.observer.acked(seq, cumulative);
        for (let copy = 0; copy < fate.copies; copy += 1) this.connector.say(text);
        return;
      case 'nack':
        this.connector.say(encodeNack(seq));
    }
  }

  #ackCumulative(): void {
    this.ports.timers.disarm(this.#ackTimer);
    if (this.connector.speaker === undefined) return;
    const seq = this.#ackPolicy.take(this.window.floor);
    if (seq !== undefined) this.sendAck(seq, true);
  }

  /** Unless the session speaks through another socket by then. */
  #later(delayMs: number, act: () => void): void {
    const speaker = this.connector.speaker;
    const timer = new Timer(() => {
      this.#delayed?.delete(timer);
      if (this.connector.speaker === speaker) act();
    });
    this.#delayed ??= new Set();
    this.#delayed.add(timer);
    this.ports.timers.arm(timer, delayMs);
  }

  #dispatch(frame: ServerFrame): void {
    // The frames of a text go on after one that made the client stop.
    if (this.connector.stopped) return;
    switch (frame.kind) {
      case 'envelope':
        this.receive(frame);
        return;
      case 'notice':
        if (this.level === 'at-most-once' && frame.payload !== undefined) {
          this.inbox.push(0, this.observer.message(0, frame.payload, false));
        }
        return;
      case 'welcome':
        this.#onWelcome(frame);
        return;
      case 'replayed':
        this.observer.replayed();
        return;
      case 'gap':
        this.onGap(frame.from, frame.to, frame.reason);
        return;
      case 'drain':
        this.connector.returnWithin(frame.spreadMs);
        return;
      case 'ack':
        this.#onUpstreamAck(frame.seq);
        return;
      case 'nack':
        this.#upstream.onNack(frame.seq, frame.reason);
        return;
      case 'pressure':
        this.#upstream.onPressure(frame.state === 'high');
        return;
      case 'malformed':
    }
  }

  #onUpstreamAck(seq: number): void {
    const fate = this.ackFilter?.('up');
    if (fate?.kind === 'lose') return;
    if (fate?.kind === 'delay') this.#later(fate.delayMs, () => this.#upstream.onAck(seq));
    else this.#upstream.onAck(seq);
  }

  /** What a hello says of the session to go on with; undefined when there is none. */
  protected resumption(lastSeq: number): ResumeRequest | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    return { session: session.id, token: session.token, epoch: session.epoch, lastSeq };
  }

  /** Takes a message off the wire. */
  protected receive(frame: Envelope): void {
    const { seq } = frame;
    const delivery = this.observer.message(seq, frame.payload, frame.attempt > 1);
    if (this.level === 'effectively-once') {
      if (this.window.has(seq)) {
        this.observer.deduplicated(seq, delivery);
        this.ack(seq);
        return;
      }
      // What can't be remembered must not be handled: it comes again when the floor has moved.
      if (this.window.isBeyond(seq) || this.inbox.holds(seq)) return;
    }
    this.inbox.push(seq, delivery);
  }

  /** Messages that will never come: the frontier moves past them, and the gap is acked like a message. */
  protected onGap(from: number, to: number, reason: GapReason): void {
    this.observer.gap(from, to, reason);
    // What can't be remembered would leave a hole that nothing fills: it comes again when the floor has moved.
    const beyond = from > this.window.floor + 1 && this.window.isBeyond(to);
    if (beyond && this.level === 'effectively-once') return;
    this.window.cover(from, to);
    this.inbox.cover(from, to);
    this.ack(to, from);
  }

  #onWelcome(welcome: Welcome): void {
    if (this.connector.link === undefined) return;
    const told = this.#toldBy(welcome);
    this.#returning = true;
    this.#session = { id: welcome.session, token: welcome.token, epoch: welcome.epoch };
    this.level = welcome.delivery;
    if (!welcome.resumed) {
      this.window.clear();
      this.#ackPolicy.reset();
      // With another session than the older socket had, the server has no reason to close that one.
      this.connector.closeOlder(CloseCode.goodbye, 'goodbye');
    }
    this.inbox.restart({ ordered: this.level === 'effectively-once', resumed: welcome.resumed });
    this.connector.establish();
    if (welcome.resumed) this.observer.resumed(this.#declared);
    else this.observer.subscribed(welcome.session, told);
    if (this.level === 'at-most-once') this.#session = undefined;
    this.#upstream.onWelcome(welcome.resumed);
  }

  /** Why the session before is gone; undefined where there was none to resume. */
  #toldBy({ reason }: Welcome): LossReason | undefined {
    if (this.#declared >= 0) return LOSS_BY_REFUSAL[reason ?? 'unknown-session'];
    return this.#returning && this.level !== 'at-most-once' ? 'replaced' : undefined;
  }

  /** Dies after the handler and before the ack, and starts again with what it had acked. */
  #crash(seq: number): void {
    this.#crashing = false;
    const ackedThrough =
      this.behaviour.ack.mode === 'cumulative'
        ? this.#ackPolicy.lastAcked
        : Math.min(this.window.floor, seq - 1);
    // Effectively-once keeps its dedup window with the handler's own result, in one transaction; the ack is lost
    // all the same.
    if (this.level !== 'effectively-once') {
      // Acked one by one, all others stay handled for the server: forgetting them here would leave holes for ever.
      if (this.behaviour.ack.mode === 'each') this.window.forget(seq);
      else this.window.rollBackTo(ackedThrough);
    }
    this.#crashedAt = ackedThrough;
    this.connector.drop();
  }
}
