import { deepEqual, equal, ok } from 'node:assert/strict';
import { MemoryStore } from '../../src/broadcaster/store.ts';
import { DedupWindow } from '../../src/protocol/dedup-window.ts';
import type { GapReason, Hello, RefusalReason } from '../../src/protocol/frame.ts';
import { HeldBytes } from '../../src/protocol/held-bytes.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { OutboxGap } from '../../src/protocol/outbox.ts';
import { Session } from '../../src/protocol/session.ts';
import type { DropReason, SessionObserver, SessionSettings } from '../../src/protocol/session-contract.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from './fake-link.ts';
import { SessionModel } from './session-model.ts';

const TTL_MS = 20_000;
/** Small, so that seqs beyond it are usual. */
const WINDOW = 12;
/** Of two seconds: the longest backoffs come to an end in these. */
const ROUNDS_MAX = 100;

type Frame =
  | { readonly kind?: undefined; readonly seq: number }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly reason: GapReason }
  | { readonly kind: 'replayed'; readonly seq: number };

type Answer =
  | { readonly kind: 'ack' | 'cumulative' | 'nack'; readonly seq: number }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number };

/** Hands over each frame as it leaves. */
class TappedLink extends FakeLink {
  readonly #onFrame: (frame: Frame) => void;

  constructor(onFrame: (frame: Frame) => void) {
    super();
    this.#onFrame = onFrame;
  }

  override send(text: string): void {
    this.#onFrame(JSON.parse(text) as Frame);
  }
}

/**
 * A session in its store and the dedup window of its client, with what is on the way between them, beside the model.
 *
 * Each frame that leaves and each message that is given up is held against the model when it happens, the outbox and
 * the window after each command.
 */
export class SessionHarness implements SessionObserver<Session> {
  /** Commands after which everything was as it has to be. */
  checked = 0;
  readonly #settings: SessionSettings;
  readonly #cumulative: boolean;
  readonly #time = new VirtualTime();
  readonly #store: MemoryStore;
  readonly #window = new DedupWindow(WINDOW);
  #model = new SessionModel();
  #session: Session;
  #sessions = 0;
  #connected = true;
  #awaySinceUs = 0;
  /** Why the session is gone; undefined while it lives. */
  #refusal: RefusalReason | undefined;
  /** On their way; a lost connection takes them along. */
  #down: Frame[] = [];
  #up: Answer[] = [];
  /** Time passes: what is sent now is sent for want of an answer. */
  #waiting = false;
  /** What the end of a session gives up; undefined while none ends. */
  #discarded: number[] | undefined;

  constructor(settings: SessionSettings, cumulative: boolean) {
    this.#settings = settings;
    this.#cumulative = cumulative;
    this.#store = new MemoryStore({
      epoch: 'e',
      ttlMs: TTL_MS,
      clock: this.#time,
      timers: this.#time,
      expire: () => this.#expire(),
    });
    this.#session = this.#open();
  }

  get connected(): boolean {
    return this.#connected;
  }

  get lives(): boolean {
    return this.#refusal === undefined;
  }

  publish(): void {
    const outcome = this.#model.offer(this.#settings);
    const message = new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' });
    equal(this.#session.offer(message), outcome);
    if (outcome === 'disconnect') this.#end('overflow', 'overflow');
    else this.#session.pump();
  }

  /** The client reads some frames. @param handles - for each, whether its handler would succeed */
  read(handles: readonly boolean[]): void {
    const frames = this.#down.splice(0, handles.length);
    for (const [index, frame] of frames.entries()) this.#readOne(frame, handles[index] === true);
    const { floor } = this.#window;
    if (this.#cumulative && frames.length > 0 && floor > 0) this.#up.push({ kind: 'cumulative', seq: floor });
  }

  /** Some answers reach the server. */
  hear(count: number): void {
    for (const answer of this.#up.splice(0, count)) this.#hearOne(answer);
  }

  loseAnswers(count: number): void {
    this.#up.splice(0, count);
  }

  pass(ms: number): void {
    this.#waiting = true;
    this.#time.runFor(ms);
    this.#waiting = false;
  }

  drop(): void {
    this.#loseWire();
    this.#session.detach();
    this.#store.away(this.#session);
  }

  /** A new socket, after an absence or while the one before is open. */
  resume(): void {
    const claim = this.#store.claim(this.#hello(), true);
    if (this.#refusal !== undefined) {
      deepEqual(claim, { kind: 'fresh', reason: this.#refusal });
      this.#session = this.#open();
      return;
    }
    ok(claim.kind === 'resume' && claim.session === this.#session, 'a session is resumed in its time');
    if (this.#connected) this.#session.detach();
    else ok(this.#awayUs < TTL_MS * 1000, 'a session is kept no longer than that');
    this.#loseWire();
    this.#store.present(this.#session);
    this.#connected = true;
    this.#model.ackThrough(this.#window.floor);
    this.#session.ackThrough(this.#window.floor);
    const replay = this.#owedFrames();
    this.#session.attach(this.#link(), true);
    this.#session.pump();
    deepEqual(this.#down.map(nameOf), [...replay, `replayed ${this.#model.nextSeq - 1}`]);
  }

  /** No trouble any more: everything that is owed arrives, and everything that arrives is answered. */
  heal(): void {
    if (!this.#connected) this.resume();
    for (let round = 0; round < ROUNDS_MAX && !this.#session.outbox.isEmpty; round += 1) {
      this.read(this.#down.map(() => true));
      this.hear(this.#up.length);
      this.pass(2000);
    }
    this.check();
    ok(this.#session.outbox.isEmpty, 'an outbox comes to rest');
    equal(this.#window.floor, this.#model.nextSeq - 1, 'the client knows of all');
  }

  check(): void {
    this.checked += 1;
    const { outbox } = this.#session;
    deepEqual(this.#heldFrames(), this.lives ? this.#owedFrames() : []);
    equal(outbox.pending, this.lives ? this.#model.messages.length : 0);
    equal(outbox.nextSeq, this.#model.nextSeq);
    equal(this.#window.floor, this.#model.floor);
  }

  // What the session tells.

  assigned(): void {}
  sent(): void {}
  ackOverdue(): void {}
  sendFailed(): void {}

  acked(_session: Session, seq: number): void {
    ok(!this.#model.owed.has(seq), `${seq} is freed without an ack`);
  }

  dropped(_session: Session, seq: number, _message: OutgoingMessage, reason: DropReason): void {
    if (this.#discarded !== undefined) this.#discarded.push(seq);
    else if (reason === 'max-resend' && this.#waiting) {
      const owed = this.#model.owed.get(seq);
      deepEqual(owed, { kind: 'message', nacked: false, failures: this.#settings.maxResend });
      this.#model.put(seq, reason);
    } else if (seq > 0) equal(this.#model.owed.get(seq)?.kind, reason);
  }

  #onFrame(frame: Frame): void {
    this.#down.push(frame);
    if (frame.kind === 'gap')
      ok(this.#owedFrames().includes(nameOf(frame)), `${nameOf(frame)} is told and not so`);
    if (frame.kind !== undefined) return;
    const owed = this.#model.owed.get(frame.seq);
    ok(owed?.kind === 'message', `${frame.seq} is sent and not owed`);
    if (this.#waiting && !owed.nacked) owed.failures += 1;
    ok(owed.failures <= this.#settings.maxResend, `${frame.seq} has no attempt left`);
    owed.nacked = false;
  }

  #readOne(frame: Frame, handled: boolean): void {
    if (frame.kind === 'gap') this.#readGap(frame.from, frame.to);
    if (frame.kind !== undefined) return;
    const { seq } = frame;
    const known = this.#window.has(seq);
    equal(known, this.#model.settled.has(seq));
    if (!known && this.#window.isBeyond(seq)) return;
    if (!known && !handled) {
      this.#up.push({ kind: 'nack', seq });
      return;
    }
    if (!known) {
      this.#model.settled.add(seq);
      ok(this.#window.add(seq));
    }
    if (!this.#cumulative) this.#up.push({ kind: 'ack', seq });
  }

  #readGap(from: number, to: number): void {
    const { floor } = this.#window;
    if (from > floor + 1 && this.#window.isBeyond(to)) return;
    this.#window.cover(from, to);
    for (let seq = from; seq <= to; seq += 1) this.#model.settled.add(seq);
    if (!this.#cumulative) this.#up.push(from < to ? { kind: 'gap', from, to } : { kind: 'ack', seq: to });
  }

  #hearOne(answer: Answer): void {
    switch (answer.kind) {
      case 'ack':
        this.#model.ack(answer.seq);
        this.#session.onAck(answer.seq, false);
        return;
      case 'cumulative':
        this.#model.ackThrough(answer.seq);
        this.#session.onAck(answer.seq, true);
        return;
      case 'gap':
        this.#model.ackGap(answer.from, answer.to);
        this.#session.onAck(answer.to, false, answer.from);
        return;
      case 'nack':
        this.#model.nack(answer.seq, this.#settings.maxResend);
        this.#session.onNack(answer.seq, true);
    }
  }

  #open(): Session {
    this.#sessions += 1;
    this.#model = new SessionModel();
    this.#window.clear();
    this.#refusal = undefined;
    this.#connected = true;
    const session = new Session({
      identity: { id: `s${this.#sessions}`, clientId: 'c', epoch: 'e' },
      settings: this.#settings,
      clock: this.#time,
      timers: this.#time,
      random: { next: () => 0 },
      observer: this,
      heldBytes: new HeldBytes(this.#settings.outboxBytesTotalMax),
    });
    session.gapAcks = true;
    session.tokens.renew(`t${this.#sessions}`, '');
    this.#store.add(session);
    session.attach(this.#link(), false);
    return session;
  }

  #expire(): void {
    equal(this.#awayUs, TTL_MS * 1000, 'the time for which a session is kept');
    this.#end('session-expired', 'expired');
  }

  /** Ends the session: all that it was still to bring is given up, and counted. */
  #end(reason: DropReason, refusal: RefusalReason): void {
    const discarded: number[] = [];
    this.#discarded = discarded;
    this.#session.end(reason);
    this.#discarded = undefined;
    deepEqual(discarded, this.#model.messages);
    this.#store.remove(this.#session, refusal);
    this.#refusal = refusal;
    this.#loseWire();
  }

  get #awayUs(): number {
    return this.#time.nowUs() - this.#awaySinceUs;
  }

  #loseWire(): void {
    this.#down = [];
    this.#up = [];
    this.#connected = false;
    this.#awaySinceUs = this.#time.nowUs();
  }

  #link(): TappedLink {
    return new TappedLink((frame) => this.#onFrame(frame));
  }

  #hello(): Hello {
    const { identity, tokens } = this.#session;
    const resume = { session: identity.id, token: tokens.newest, epoch: 'e', lastSeq: this.#window.floor };
    return {
      kind: 'hello',
      clientId: 'c',
      rooms: [],
      ack: { mode: 'each' },
      batch: false,
      gapAcks: true,
      resume,
    };
  }

  /** What the outbox holds, as frames in their order. */
  #heldFrames(): string[] {
    const { outbox } = this.#session;
    const held: string[] = [];
    for (let index = outbox.head; index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      const seq = outbox.seqAt(index);
      if (item instanceof OutboxGap)
        held.push(nameOf({ kind: 'gap', from: item.from, to: seq, reason: item.reason }));
      else if (item !== undefined) held.push(nameOf({ seq }));
    }
    return held;
  }

  /** What the model says that is owed, as frames in their order. */
  #owedFrames(): string[] {
    const model = this.#model;
    return [...model.owed].flatMap(([seq, { kind }]) => {
      if (kind === 'message') return [nameOf({ seq })];
      const goesOn = model.owed.get(seq + 1)?.kind === kind;
      return goesOn ? [] : [nameOf({ kind: 'gap', from: model.gapStart(seq), to: seq, reason: kind })];
    });
  }
}

function nameOf(frame: Frame): string {
  if (frame.kind === 'gap') return `${frame.from}-${frame.to} ${frame.reason}`;
  return frame.kind === 'replayed' ? `replayed ${frame.seq}` : `${frame.seq}`;
}
