import { expect } from 'vitest';
import type { BroadcasterObserver } from '../../../src/broadcaster/observer.ts';
import type { LossReason } from '../../../src/delivery/loss-reason.ts';
import type { ClientObserver } from '../../../src/drivers/driver.ts';
import type { DeliveryLevel } from '../../../src/protocol/frame.ts';
import type { OutgoingMessage } from '../../../src/protocol/message.ts';
import type { Session } from '../../../src/protocol/session.ts';
import type { DropReason } from '../../../src/protocol/session-contract.ts';

/** What both ends know of one session. Messages are told apart by the tag in their payload. */
class SessionHistory {
  /** Tag of each seq. */
  readonly assigned: number[] = [];
  readonly acked = new Set<number>();
  readonly dropped = new Map<number, DropReason>();
  readonly handled = new Set<number>();
  lastHandled = 0;
  readonly gaps: [from: number, to: number, reason: LossReason][] = [];
  readonly session: Session;
  ended: DropReason | undefined;
  /** The client has had a welcome to it. */
  known = false;
  /** What the client was told when it asked for this session and got another. */
  refused: LossReason | undefined;
  /** The client did not want it any more. */
  forgotten = false;

  constructor(session: Session) {
    this.session = session;
  }

  covered(seq: number): boolean {
    return this.gaps.some(([from, to]) => seq >= from && seq <= to);
  }

  /** Everything between two seqs was handled or is covered by a gap. */
  expectKnown(from: number, to: number, why: string): void {
    const lost: number[] = [];
    for (let seq = Math.max(1, from); seq <= to; seq += 1) {
      if (!this.handled.has(seq) && !this.covered(seq)) lost.push(seq);
    }
    expect(lost, `${why}: neither handled nor covered by a gap`).toEqual([]);
  }
}

/** The sessions of all incarnations of the server. */
export class SessionHistories {
  readonly #histories = new Map<string, SessionHistory>();
  readonly #tags = new WeakMap<OutgoingMessage, number>();

  open(session: Session): void {
    this.#histories.set(session.identity.id, new SessionHistory(session));
  }

  of(id: string | undefined): SessionHistory {
    const history = this.#histories.get(id ?? 'none');
    if (history === undefined) throw new Error(`nobody opened session ${id}`);
    return history;
  }

  all(): IterableIterator<[string, SessionHistory]> {
    return this.#histories.entries();
  }

  tagOf(message: OutgoingMessage): number {
    let tag = this.#tags.get(message);
    if (tag === undefined) {
      const envelope = JSON.parse(`{${message.text}`) as { readonly payload: { readonly tag: number } };
      tag = envelope.payload.tag;
      this.#tags.set(message, tag);
    }
    return tag;
  }
}

/** Watches the server, and objects when it believes what is not so. */
export class CheckedServerObserver implements BroadcasterObserver {
  readonly #histories: SessionHistories;

  constructor(histories: SessionHistories) {
    this.#histories = histories;
  }

  sessionOpened(session: Session): void {
    this.#histories.open(session);
  }

  sessionEnded(session: Session, reason: DropReason): void {
    this.#historyOf(session).ended = reason;
  }

  assigned(session: Session, message: OutgoingMessage): void {
    // What finds no place at all gets no seq.
    this.#historyOf(session).assigned[session.outbox.nextSeq - 1] ??= this.#histories.tagOf(message);
  }

  sent(session: Session, message: OutgoingMessage): void {
    const tag = this.#histories.tagOf(message);
    expect(this.#historyOf(session).acked.has(tag), 'sent after its ack').toBe(false);
  }

  acked(session: Session, message: OutgoingMessage): void {
    const history = this.#historyOf(session);
    const tag = this.#histories.tagOf(message);
    const seq = history.assigned.indexOf(tag);
    history.expectKnown(seq, seq, 'acked');
    history.acked.add(tag);
  }

  dropped(session: Session, message: OutgoingMessage, reason: DropReason): void {
    this.#historyOf(session).dropped.set(this.#histories.tagOf(message), reason);
  }

  owned(): void {}
  disconnected(): void {}
  alerted(): void {}

  #historyOf(session: Session): SessionHistory {
    return this.#histories.of(session.identity.id);
  }
}

export interface Delivery {
  readonly tag: number;
}

/** Watches one client, and objects when the server told it what is not so, or gave it what its level forbids. */
export class CheckedClientObserver implements ClientObserver<Delivery> {
  readonly #histories: SessionHistories;
  readonly #level: DeliveryLevel;
  /** Most at once: everything handled, over all sessions. */
  readonly #tags = new Set<number>();
  #current: string | undefined;
  /** It is about to give its session up by itself. */
  #forgets = false;
  /** Highest seq of the replay so far; undefined while there is none. */
  #replayedTo: number | undefined;
  replays = 0;
  refusals = 0;

  constructor(histories: SessionHistories, level: DeliveryLevel) {
    this.#histories = histories;
    this.#level = level;
  }

  willForget(): void {
    this.#forgets = true;
  }

  /** At the end of a run: nothing that was owed got lost without a word. */
  expectNothingLost(): void {
    const history = this.#histories.of(this.#current);
    expect(history.ended).toBeUndefined();
    if (this.#level !== 'at-most-once') history.expectKnown(1, history.assigned.length - 1, 'settled');
  }

  subscribed(session: string, told: LossReason | undefined): void {
    this.#replayedTo = undefined;
    const before = this.#current;
    this.#current = session;
    this.#history.known = true;
    if (before === undefined) expect(told).toBeUndefined();
    else this.#lost(this.#histories.of(before), told);
    this.#forgets = false;
  }

  resumed(through: number): void {
    expect(this.#current).toBeDefined();
    this.#replayedTo = through;
  }

  message(position: number, payload: unknown): Delivery {
    const { tag } = payload as Delivery;
    if (position === 0) return { tag };
    expect(this.#history.assigned[position], 'a seq is always the same message').toBe(tag);
    this.#replays(position, position);
    return { tag };
  }

  deduplicated(seq: number): void {
    this.#history.expectKnown(seq, seq, 'deduplicated');
  }

  handled(seq: number, { tag }: Delivery): void {
    if (seq === 0) {
      expect(this.#tags.has(tag), 'handled twice at most once').toBe(false);
      this.#tags.add(tag);
      return;
    }
    const history = this.#history;
    expect(history.assigned[seq]).toBe(tag);
    if (this.#level === 'effectively-once') {
      expect(seq, 'handled once and in order').toBeGreaterThan(history.lastHandled);
      history.expectKnown(history.lastHandled + 1, seq - 1, 'left out');
    }
    history.lastHandled = seq;
    history.handled.add(seq);
  }

  acked(seq: number, cumulative: boolean): void {
    this.#history.expectKnown(cumulative ? 1 : seq, seq, 'an ack leaves');
  }

  gap(from: number, to: number, reason: LossReason): void {
    const history = this.#history;
    for (let seq = from; seq <= to; seq += 1) {
      expect(history.dropped.get(history.assigned[seq] ?? -1), 'a gap says why').toBe(reason);
    }
    this.#replays(from, to);
    history.gaps.push([from, to, reason]);
  }

  replayed(): void {
    expect(this.#replayedTo, 'nothing was resumed').toBeDefined();
    this.#replayedTo = undefined;
    this.replays += 1;
  }

  closed(): void {
    this.#replayedTo = undefined;
  }

  goodbye(): void {
    this.#forgets = true;
  }

  refused(reason: string): void {
    expect.fail(`not let in: ${reason}`);
  }

  connecting(): void {}
  open(): void {}
  failed(): void {}
  olderClosed(): void {}

  get #history(): SessionHistory {
    return this.#histories.of(this.#current);
  }

  /** A replay is in order, and leaves nothing out that the client does not know about already. */
  #replays(from: number, to: number): void {
    if (this.#replayedTo === undefined) return;
    // A gap may have grown downwards, to what was replayed before it.
    expect(to, 'the order of a replay').toBeGreaterThan(this.#replayedTo);
    this.#history.expectKnown(this.#replayedTo + 1, from - 1, 'left out of a replay');
    this.#replayedTo = to;
  }

  /** A session ends with a reason, and it is the true one; at-most-once there is none to lose. */
  #lost(history: SessionHistory, told: LossReason | undefined): void {
    if (this.#level === 'at-most-once') {
      expect(told).toBeUndefined();
      history.forgotten = true;
      return;
    }
    if (told === 'replaced') {
      expect(this.#forgets, 'it lost a session that it wanted to keep').toBe(true);
      history.forgotten = true;
      return;
    }
    history.refused = told;
    this.refusals += 1;
    const { epoch } = this.#history.session.identity;
    if (epoch !== history.session.identity.epoch) expect(told).toBe('restart');
    else expect(told).toBe(history.ended);
  }
}
