import { AckPolicy } from '../../protocol/ack-policy.ts';
import { backoffMs } from '../../protocol/backoff.ts';
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
  type ResumeRequest,
  type ServerFrame,
  type Welcome,
} from '../../protocol/frame.ts';
import { LinkState, Timer } from '../../protocol/ports.ts';
import { Inbox } from './inbox.ts';
import type { AckFilter, SubscriberObserver, SubscriberPorts } from './observer.ts';
import type { SubscriberProfile } from './profile.ts';
import { SubscriberConnection } from './subscriber-connection.ts';
import { Upstream } from './upstream.ts';

const UPSTREAM_ACK_TIMEOUT_MS = 5000;

/** Who wants the socket left unread; reading goes on when nobody does. */
export type PauseCause = 'inbox' | 'fault';

/**
 * One simulated client: connects, says hello, handles, acks, and comes back when its connection is lost.
 *
 * What survives a connection is the session (id, token, epoch) and the dedup window; the rest is new each time.
 */
export class Subscriber<D extends object> {
  readonly clientId: string;
  readonly profile: SubscriberProfile;
  readonly inbox: Inbox<D>;
  readonly upstream: Upstream;
  /** A fault's hand on outgoing acks. */
  ackFilter: AckFilter | undefined;
  /** What the server said it gives; decides whether duplicates are handled and in what order. */
  level: DeliveryLevel = 'at-least-once';
  protected readonly window: DedupWindow;
  protected readonly ports: SubscriberPorts;
  protected readonly observer: SubscriberObserver<D>;
  protected current: SubscriberConnection<D> | undefined;
  readonly #ackPolicy: AckPolicy;
  readonly #ackTimer: Timer;
  readonly #reconnectTimer: Timer;
  readonly #onFrame: (frame: ServerFrame) => void;
  /** Acks that a fault holds back. */
  readonly #delayed = new Set<Timer>();
  readonly #paused = new Set<PauseCause>();
  #session: { readonly id: string; readonly token: string; readonly epoch: string } | undefined;
  #ready = false;
  /** Attempts to connect since the last welcome. */
  protected attempts = 0;
  #away = false;
  #stopped = false;
  #crashing = false;
  /** After a crash: the highest seq known to be acked, declared at the next resume; else -1. */
  #crashedAt = -1;
  #spreadMs = -1;
  #readLimit: number | undefined;
  #muted = false;
  #answersPings = true;

  constructor(options: {
    readonly clientId: string;
    readonly profile: SubscriberProfile;
    readonly ports: SubscriberPorts;
    readonly observer: SubscriberObserver<D>;
  }) {
    const { profile, ports } = options;
    this.clientId = options.clientId;
    this.profile = profile;
    this.ports = ports;
    this.observer = options.observer;
    this.window = new DedupWindow(profile.dedupWindow);
    this.inbox = new Inbox({
      owner: this,
      window: this.window,
      timers: ports.timers,
      random: ports.handlerRandom,
      handlerMs: profile.handlerMs,
      failureRatio: profile.handlerFailureRatio,
    });
    this.upstream = new Upstream({
      say: (text) => this.say(text),
      clock: ports.clock,
      timers: ports.timers,
      ackTimeoutMs: profile.upstreamAckTimeoutMs ?? UPSTREAM_ACK_TIMEOUT_MS,
    });
    this.#ackPolicy = new AckPolicy(profile.ack);
    this.#ackTimer = new Timer(() => this.#ackCumulative());
    this.#reconnectTimer = new Timer(() => this.connect());
    this.#onFrame = (frame) => this.#dispatch(frame);
    this.#readLimit = profile.readBytesPerSec;
  }

  /** Welcomed, and the socket is open. */
  get ready(): boolean {
    return this.#ready && this.current?.link.state === LinkState.open;
  }

  /** Kept away by a fault. */
  get isAway(): boolean {
    return this.#away;
  }

  /** Opens a socket, unless there is one or the client is kept away. */
  connect(): void {
    if (this.#stopped || this.#away || this.current !== undefined) return;
    this.ports.timers.disarm(this.#reconnectTimer);
    this.attempts += 1;
    this.observer.connecting(this);
    this.current = this.#dial();
  }

  /** Says goodbye, which ends the session, and never comes back. */
  stop(): void {
    this.#stopped = true;
    this.ports.timers.disarm(this.#reconnectTimer);
    this.ports.timers.disarm(this.#ackTimer);
    for (const timer of this.#delayed) this.ports.timers.disarm(timer);
    this.upstream.onClose();
    this.current?.older?.link.close(CloseCode.goodbye, 'goodbye');
    this.current?.link.close(CloseCode.goodbye, 'goodbye');
  }

  /** Sends a frame for the present session, unless a fault mutes the client. */
  say(text: string): void {
    if (!this.#muted) this.#speaker?.link.send(text);
  }

  /**
   * The socket that speaks for the present session.
   *
   * Until its welcome, a new socket may turn out to have a fresh session, in which an ack of the old one would say
   * that a message was handled which was not.
   */
  get #speaker(): SubscriberConnection<D> | undefined {
    return this.current?.older ?? (this.#ready ? this.current : undefined);
  }

  // What faults do.

  setMuted(muted: boolean): void {
    this.#muted = muted;
  }

  setAnswersPings(answers: boolean): void {
    this.#answersPings = answers;
    if (this.current !== undefined) this.current.link.answerPings = answers;
  }

  /** @param bytesPerSec - undefined: back to what the profile says */
  limitReading(bytesPerSec: number | undefined): void {
    this.#readLimit = bytesPerSec ?? this.profile.readBytesPerSec;
    this.current?.link.limitReading(this.#readLimit);
  }

  pauseReading(cause: PauseCause): void {
    this.#paused.add(cause);
    this.current?.link.pauseReading();
  }

  resumeReading(cause: PauseCause): void {
    this.#paused.delete(cause);
    if (this.#paused.size === 0) this.current?.link.resumeReading();
  }

  reset(): void {
    this.current?.link.reset();
  }

  drop(): void {
    this.current?.link.drop();
  }

  /** 1000 is a goodbye: the session ends with the connection, and the next one is new. */
  close(code: number): void {
    if (code === CloseCode.goodbye) this.forgetSession();
    this.current?.link.close(code, 'closed by the client');
  }

  sendRaw(text: string): void {
    if (!this.#muted) this.current?.link.send(text);
  }

  /** Stays without a connection, once it has none, until `release`. */
  stayAway(): void {
    this.#away = true;
    this.ports.timers.disarm(this.#reconnectTimer);
  }

  /** Comes back at once; with a connection that is about to close, right after that. */
  release(): void {
    this.#away = false;
    if (this.current === undefined) this.connect();
    else this.#spreadMs = 0;
  }

  crashBeforeNextAck(): void {
    this.#crashing = true;
  }

  forgetSession(): void {
    this.#session = undefined;
  }

  /**
   * A second socket for the same session, while the first is still open and working.
   *
   * @returns false when there is no session that a second socket could resume
   */
  openSecondSocket(): boolean {
    if (!this.ready || this.current === undefined || this.#session === undefined) return false;
    const older = this.current;
    this.current = this.#dial();
    this.current.older = older;
    return true;
  }

  // What the socket says.

  onOpen(connection: SubscriberConnection<D>): void {
    if (connection !== this.current) return;
    this.#ready = false;
    const resume = this.resumption(this.#crashedAt >= 0 ? this.#crashedAt : this.window.floor);
    connection.asked = resume !== undefined;
    if (resume !== undefined) this.#ackPolicy.declare(resume.lastSeq);
    this.#crashedAt = -1;
    this.observer.helloSent(this, resume?.lastSeq ?? -1);
    const { rooms, ack, batch } = this.profile;
    const { clientId } = this;
    const asked = resume === undefined ? {} : { resume };
    const hello = encodeHello({ kind: 'hello', clientId, rooms, ack, batch, gapAcks: true, ...asked });
    if (!this.#muted) connection.link.send(hello);
    connection.link.batch = batch;
  }

  /** Frames of a socket that a newer one has taken over from count for nothing. */
  onText(connection: SubscriberConnection<D>, text: string): void {
    if (connection === this.current || connection === this.current?.older)
      this.ports.decoder.decode(text, this.#onFrame);
  }

  onClose(connection: SubscriberConnection<D>, code: number, reason: string): void {
    if (connection !== this.current) {
      if (this.current?.older === connection) this.current.older = undefined;
      this.observer.olderClosed(this, code);
      return;
    }
    this.current = undefined;
    this.#ready = false;
    // It has lost the session to this one, maybe: nobody listens to it any more.
    connection.older?.link.drop();
    this.upstream.onClose();
    this.ports.timers.disarm(this.#ackTimer);
    this.observer.closed(this, code, reason);
    this.#reconnect();
  }

  // What the inbox says.

  onHandled(seq: number, delivery: D): void {
    if (seq > 0) this.window.add(seq);
    this.observer.handled(this, seq, delivery);
    if (seq === 0) return;
    if (this.#crashing) this.#crash(seq);
    else this.ack(seq);
  }

  onFailed(seq: number, delivery: D): void {
    this.observer.failed(this, seq, delivery);
    if (seq === 0 || !this.profile.nack) return;
    this.say(this.profile.nackRetry === false ? encodeNack(seq, { retry: false }) : encodeNack(seq));
  }

  onCongestion(full: boolean): void {
    if (full) this.pauseReading('inbox');
    else this.resumeReading('inbox');
  }

  /** Acks one handled seq, or a gap, when the policy says so. */
  protected ack(seq: number, from = seq): void {
    if (this.profile.ack.mode === 'each') this.sendAck(seq, false, from);
    else if (this.#ackPolicy.isDue(this.window.floor)) this.#ackCumulative();
    else if (!this.#ackTimer.armed) this.ports.timers.arm(this.#ackTimer, this.profile.ack.delayMs);
  }

  /** @param from - `seq`, but for a gap where it begins */
  protected sendAck(seq: number, cumulative: boolean, from = seq): void {
    if (this.#speaker === undefined) return;
    const text = from < seq ? encodeGapAck(from, seq) : encodeAck(seq, cumulative);
    const fate = this.ackFilter?.('down');
    switch (fate?.kind) {
      case undefined:
        this.observer.acked(this, seq, cumulative);
        this.say(text);
        return;
      case 'lose':
        return;
      case 'delay':
        this.#later(fate.delayMs, () => {
          this.observer.acked(this, seq, cumulative);
          this.say(text);
        });
        return;
      case 'duplicate':
        this.observer.acked(this, seq, cumulative);
        for (let copy = 0; copy < fate.copies; copy += 1) this.say(text);
        return;
      case 'nack':
        this.say(encodeNack(seq));
    }
  }

  #ackCumulative(): void {
    this.ports.timers.disarm(this.#ackTimer);
    if (this.#speaker === undefined) return;
    const seq = this.#ackPolicy.take(this.window.floor);
    if (seq !== undefined) this.sendAck(seq, true);
  }

  /** Unless the session speaks through another socket by then. */
  #later(delayMs: number, act: () => void): void {
    const speaker = this.#speaker;
    const timer = new Timer(() => {
      this.#delayed.delete(timer);
      if (this.#speaker === speaker) act();
    });
    this.#delayed.add(timer);
    this.ports.timers.arm(timer, delayMs);
  }

  #dial(): SubscriberConnection<D> {
    const connection = new SubscriberConnection(this, this.ports.dial);
    connection.link.answerPings = this.#answersPings;
    if (this.#readLimit !== undefined) connection.link.limitReading(this.#readLimit);
    // A full inbox is emptied by the welcome, which has to be read first.
    if (this.#paused.has('fault')) connection.link.pauseReading();
    return connection;
  }

  #dispatch(frame: ServerFrame): void {
    switch (frame.kind) {
      case 'envelope':
        this.receive(frame);
        return;
      case 'notice':
        if (this.level === 'at-most-once' && frame.payload !== undefined) {
          this.inbox.push(0, this.observer.received(this, 0, frame.payload, 1));
        }
        return;
      case 'welcome':
        this.#onWelcome(frame);
        return;
      case 'replayed':
        this.observer.replayed(this);
        return;
      case 'gap':
        this.onGap(frame.from, frame.to, frame.reason);
        return;
      case 'drain':
        this.#spreadMs = frame.spreadMs;
        return;
      case 'ack':
        this.#onUpstreamAck(frame.seq);
        return;
      case 'nack':
        this.upstream.onNack(frame.seq, frame.reason);
        return;
      case 'pressure':
        this.upstream.onPressure(frame.state === 'high');
        return;
      case 'malformed':
    }
  }

  #onUpstreamAck(seq: number): void {
    const fate = this.ackFilter?.('up');
    if (fate?.kind === 'lose') return;
    if (fate?.kind === 'delay') this.#later(fate.delayMs, () => this.upstream.onAck(seq));
    else this.upstream.onAck(seq);
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
    const delivery = this.observer.received(this, seq, frame.payload, frame.attempt);
    if (this.level === 'effectively-once') {
      if (this.window.has(seq)) {
        this.observer.deduplicated(this, seq, delivery);
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
    this.observer.gap(this, from, to, reason);
    // What can't be remembered would leave a hole that nothing fills: it comes again when the floor has moved.
    const beyond = from > this.window.floor + 1 && this.window.isBeyond(to);
    if (beyond && this.level === 'effectively-once') return;
    this.window.cover(from, to);
    this.inbox.cover(from, to);
    this.ack(to, from);
  }

  #onWelcome(welcome: Welcome): void {
    const connection = this.current;
    if (connection === undefined) return;
    this.attempts = 0;
    this.#session = { id: welcome.session, token: welcome.token, epoch: welcome.epoch };
    this.level = welcome.delivery;
    if (!welcome.resumed) {
      this.window.clear();
      this.#ackPolicy.reset();
    }
    this.inbox.restart({ ordered: this.level === 'effectively-once', resumed: welcome.resumed });
    this.observer.welcomed(this, welcome, connection.asked);
    // With another session than the older socket had, the server has no reason to close that one.
    if (!welcome.resumed) connection.older?.link.close(CloseCode.goodbye, 'goodbye');
    // What still comes there counts for nothing, but an unread socket never notices that it is closed.
    connection.older?.link.resumeReading();
    connection.older?.link.limitReading(undefined);
    connection.older = undefined;
    if (this.level === 'at-most-once') this.#session = undefined;
    this.#ready = true;
    this.upstream.onWelcome(welcome.resumed);
  }

  #reconnect(): void {
    const spreadMs = this.#spreadMs;
    this.#spreadMs = -1;
    if (this.#stopped || this.#away) return;
    const waitMs =
      spreadMs >= 0
        ? spreadMs * this.ports.reconnectRandom.next()
        : backoffMs(this.profile.reconnect, Math.max(1, this.attempts), this.ports.reconnectRandom);
    this.ports.timers.arm(this.#reconnectTimer, waitMs);
  }

  /** Dies after the handler and before the ack, and starts again with what it had acked. */
  #crash(seq: number): void {
    this.#crashing = false;
    const ackedThrough =
      this.profile.ack.mode === 'cumulative'
        ? this.#ackPolicy.lastAcked
        : Math.min(this.window.floor, seq - 1);
    // Effectively-once keeps its dedup window with the handler's own result, in one transaction; the ack is lost
    // all the same.
    if (this.level !== 'effectively-once') {
      // Acked one by one, all others stay handled for the server: forgetting them here would leave holes for ever.
      if (this.profile.ack.mode === 'each') this.window.forget(seq);
      else this.window.rollBackTo(ackedThrough);
    }
    this.#crashedAt = ackedThrough;
    this.drop();
  }
}
