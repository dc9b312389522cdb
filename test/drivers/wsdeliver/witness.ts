import { expect } from 'vitest';
import type { BroadcasterObserver } from '../../../src/broadcaster/observer.ts';
import type { LossReason } from '../../../src/delivery/loss-reason.ts';
import type { ClientObserver } from '../../../src/drivers/driver.ts';
import type { DeliveryLevel } from '../../../src/protocol/frame.ts';
import type { OutgoingMessage } from '../../../src/protocol/message.ts';
import type { Session } from '../../../src/protocol/session.ts';
import type { DropReason } from '../../../src/protocol/session-contract.ts';

/** What both ends know of one session. Messages are told apart by the tag in their payload. */
class Story {
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
export class Stories {
  readonly #stories = new Map<string, Story>();
  readonly #tags = new WeakMap<OutgoingMessage, number>();

  open(session: Session): void {
    this.#stories.set(session.identity.id, new Story(session));
  }

  of(id: string | undefined): Story {
    const story = this.#stories.get(id ?? 'none');
    if (story === undefined) throw new Error(`nobody opened session ${id}`);
    return story;
  }

  all(): IterableIterator<[string, Story]> {
    return this.#stories.entries();
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
export class ServerWitness implements BroadcasterObserver {
  readonly #stories: Stories;

  constructor(stories: Stories) {
    this.#stories = stories;
  }

  sessionOpened(session: Session): void {
    this.#stories.open(session);
  }

  sessionEnded(session: Session, reason: DropReason): void {
    this.#storyOf(session).ended = reason;
  }

  assigned(session: Session, message: OutgoingMessage): void {
    // What finds no place at all gets no seq.
    this.#storyOf(session).assigned[session.outbox.nextSeq - 1] ??= this.#stories.tagOf(message);
  }

  sent(session: Session, message: OutgoingMessage): void {
    const tag = this.#stories.tagOf(message);
    expect(this.#storyOf(session).acked.has(tag), 'sent after its ack').toBe(false);
  }

  acked(session: Session, message: OutgoingMessage): void {
    const story = this.#storyOf(session);
    const tag = this.#stories.tagOf(message);
    const seq = story.assigned.indexOf(tag);
    story.expectKnown(seq, seq, 'acked');
    story.acked.add(tag);
  }

  dropped(session: Session, message: OutgoingMessage, reason: DropReason): void {
    this.#storyOf(session).dropped.set(this.#stories.tagOf(message), reason);
  }

  owned(): void {}
  disconnected(): void {}
  alerted(): void {}

  #storyOf(session: Session): Story {
    return this.#stories.of(session.identity.id);
  }
}

export interface Delivery {
  readonly tag: number;
}

/** Watches one client, and objects when the server told it what is not so, or gave it what its level forbids. */
export class ClientWitness implements ClientObserver<Delivery> {
  readonly #stories: Stories;
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

  constructor(stories: Stories, level: DeliveryLevel) {
    this.#stories = stories;
    this.#level = level;
  }

  willForget(): void {
    this.#forgets = true;
  }

  /** At the end of a run: nothing that was owed got lost without a word. */
  expectNothingLost(): void {
    const story = this.#stories.of(this.#current);
    expect(story.ended).toBeUndefined();
    if (this.#level !== 'at-most-once') story.expectKnown(1, story.assigned.length - 1, 'settled');
  }

  subscribed(session: string, told: LossReason | undefined): void {
    this.#replayedTo = undefined;
    const before = this.#current;
    this.#current = session;
    this.#story.known = true;
    if (before === undefined) expect(told).toBeUndefined();
    else this.#lost(this.#stories.of(before), told);
    this.#forgets = false;
  }

  resumed(through: number): void {
    expect(this.#current).toBeDefined();
    this.#replayedTo = through;
  }

  message(position: number, payload: unknown): Delivery {
    const { tag } = payload as Delivery;
    if (position === 0) return { tag };
    expect(this.#story.assigned[position], 'a seq is always the same message').toBe(tag);
    this.#replays(position, position);
    return { tag };
  }

  deduplicated(seq: number): void {
    this.#story.expectKnown(seq, seq, 'deduplicated');
  }

  handled(seq: number, { tag }: Delivery): void {
    if (seq === 0) {
      expect(this.#tags.has(tag), 'handled twice at most once').toBe(false);
      this.#tags.add(tag);
      return;
    }
    const story = this.#story;
    expect(story.assigned[seq]).toBe(tag);
    if (this.#level === 'effectively-once') {
      expect(seq, 'handled once and in order').toBeGreaterThan(story.lastHandled);
      story.expectKnown(story.lastHandled + 1, seq - 1, 'left out');
    }
    story.lastHandled = seq;
    story.handled.add(seq);
  }

  acked(seq: number, cumulative: boolean): void {
    this.#story.expectKnown(cumulative ? 1 : seq, seq, 'an ack leaves');
  }

  gap(from: number, to: number, reason: LossReason): void {
    const story = this.#story;
    for (let seq = from; seq <= to; seq += 1) {
      expect(story.dropped.get(story.assigned[seq] ?? -1), 'a gap says why').toBe(reason);
    }
    this.#replays(from, to);
    story.gaps.push([from, to, reason]);
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

  get #story(): Story {
    return this.#stories.of(this.#current);
  }

  /** A replay is in order, and leaves nothing out that the client does not know about already. */
  #replays(from: number, to: number): void {
    if (this.#replayedTo === undefined) return;
    // A gap may have grown downwards, to what was replayed before it.
    expect(to, 'the order of a replay').toBeGreaterThan(this.#replayedTo);
    this.#story.expectKnown(this.#replayedTo + 1, from - 1, 'left out of a replay');
    this.#replayedTo = to;
  }

  /** A session ends with a reason, and it is the true one; at-most-once there is none to lose. */
  #lost(story: Story, told: LossReason | undefined): void {
    if (this.#level === 'at-most-once') {
      expect(told).toBeUndefined();
      story.forgotten = true;
      return;
    }
    if (told === 'replaced') {
      expect(this.#forgets, 'it lost a session that it wanted to keep').toBe(true);
      story.forgotten = true;
      return;
    }
    story.refused = told;
    this.refusals += 1;
    const { epoch } = this.#story.session.identity;
    if (epoch !== story.session.identity.epoch) expect(told).toBe('restart');
    else expect(told).toBe(story.ended);
  }
}
