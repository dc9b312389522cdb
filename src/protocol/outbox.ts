import type { GapReason } from './frame.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { OutgoingMessage } from './message.ts';

/**
 * What one session was assigned and has not acked, in seq order.
 *
 * A ring of entries over parallel arrays: an entry is a message (a reference to the shared broadcast) or a gap that
 * tells of messages given up. Entries stay sorted by seq. As long as no gap is wider than one, the slot of a seq is
 * its distance from the oldest; else a binary search finds it. Entries acked out of order leave holes, which are
 * squeezed out when the ring would have to grow. Nothing is allocated per message, and there is no timer in here:
 * `dueUs` says when an entry wants to be sent again, and its owner looks.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  #seqs: Float64Array = NO_NUMBERS;
  #items: (OutgoingMessage | OutboxGap | undefined)[] = [];
  #dueUs: Float64Array = NO_NUMBERS;
  #sentUs: Float64Array = NO_NUMBERS;
  #sends: Uint8Array = NO_BYTES;
  #failures: Uint8Array = NO_BYTES;
  /** Twice the number of nacks, and 1 on top while the last of them waits to be followed. */
  #nacked: Uint8Array = NO_BYTES;
  #mask = -1;
  /** Slots that stay free: outboxes that fill alike grow at different messages, not all in the same turn. */
  #slack = 0;
  readonly #stagger: number;
  /** Logical indexes, growing for ever; a slot is an index masked. */
  #head = 0;
  #tail = 0;
  #cursor = 0;
  #nextSeq = 1;
  #highestSent = 0;
  #messages = 0;
  #bytes = 0;
  #gaps = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
    this.#stagger = limits.heldBytes.nextOutbox() % STAGGERS;
  }

  /** Messages neither acked nor given up. */
  get pending(): number {
    return this.#messages;
  }

  /** Gaps that the client has not acked. */
  get gaps(): number {
    return this.#gaps;
  }

  /** Nothing left to deliver or to tell. */
  get isEmpty(): boolean {
    return this.#messages + this.#gaps === 0;
  }

  /** Bytes of the messages pending, those counted in full that other outboxes hold as well. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Bytes from which on it is full: its own limit, or as much as all outboxes together leave free.
   *
   * So the longest outboxes are full first when memory gets short, and one that is kept short still has room (the
   * dynamic threshold of Choudhury and Hahne, 1998, as in the shared memory of a switch).
   */
  get bytesMax(): number {
    return Math.min(this.#limits.bytesMax, this.#limits.heldBytes.free);
  }

  /** No place for another message. It is looked at before one is added, so that bytes may pass their limit by one message. */
  get isFull(): boolean {
    return this.#messages >= this.#limits.maxPending || this.#bytes >= this.bytesMax;
  }

  /** The seq that the next message gets, from 1. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Highest seq that ever left on a socket, 0 if none. */
  get highestSent(): number {
    return this.#highestSent;
  }

  /** First index not yet sent on the current connection. */
  get cursor(): number {
    return this.#cursor;
  }

  get head(): number {
    return this.#head;
  }

  /** Whether something has not been sent on the current connection. */
  get hasUnsent(): boolean {
    return this.#cursor < this.#tail;
  }

  /** Whether a message waits to be sent on the current connection. */
  isUnsent(message: OutgoingMessage): boolean {
    for (let index = this.#cursor; index < this.#tail; index += 1) {
      if (this.#items[index & this.#mask] === message) return true;
    }
    return false;
  }

  append(message: OutgoingMessage): number {
    const seq = this.#nextSeq;
    this.#push(seq, message);
    this.#nextSeq = seq + 1;
    this.#messages += 1;
    this.#bytes += message.sizeBytes;
    this.#limits.heldBytes.hold(message);
    return seq;
  }

  /** Gives up a message that found the outbox full: it takes a seq, and a gap tells of it. */
  appendGap(reason: GapReason): number {
    const seq = this.#nextSeq;
    this.#nextSeq = seq + 1;
    const last = this.#tail - 1;
    const item = last >= this.#head ? this.#items[last & this.#mask] : undefined;
    if (item instanceof OutboxGap && item.reason === reason && this.#seqs[last & this.#mask] === seq - 1) {
      this.#seqs[last & this.#mask] = seq;
      this.#dueUs[last & this.#mask] = 0;
      this.#failures[last & this.#mask] = 0;
      item.told = false;
    } else {
      this.#push(seq, new OutboxGap(seq, reason));
      this.#gaps += 1;
    }
    return seq;
  }

  /** Index of the oldest message, or -1. */
  oldestMessage(): number {
    for (let index = this.#head; index < this.#tail; index += 1) {
      const item = this.#items[index & this.#mask];
      if (item !== undefined && !(item instanceof OutboxGap)) return index;
    }
    return -1;
  }

  /**
   * Turns a message into a gap, merged with the gaps that touch it.
   *
   * @returns the message given up
   */
  giveUp(index: number, reason: GapReason): OutgoingMessage {
    const slot = index & this.#mask;
    const item = this.#items[slot];
    if (item === undefined || item instanceof OutboxGap)
      throw new Error(`Cannot give up entry ${index}: it is no message`);
    this.#release(item);
    this.#gaps += 1;
    this.#items[slot] = new OutboxGap(this.#seqAt(index), reason);
    this.#dueUs[slot] = 0;
    this.#failures[slot] = 0;
    this.#mergeGaps(this.#neighbour(index, -1), index);
    this.#mergeGaps(index, this.#neighbour(index, 1));
    this.#advanceHead();
    return item;
  }

  /** The entry at an index between head and tail; undefined for a hole. */
  at(index: number): OutgoingMessage | OutboxGap | undefined {
    return this.#items[index & this.#mask];
  }

  seqAt(index: number): number {
    return this.#seqAt(index);
  }

  /** Whether it is a gap that was sent on the current connection as it is now. */
  isToldGap(index: number): boolean {
    const item = this.#items[index & this.#mask];
    return item instanceof OutboxGap && item.told && index < this.#cursor;
  }

  /** First seq of an entry: of a gap where it begins, of a message its own. */
  firstSeqAt(index: number): number {
    const item = this.#items[index & this.#mask];
    return item instanceof OutboxGap ? item.from : this.#seqAt(index);
  }

  /** First index whose seq is at least `seq`; the tail when there is none. */
  indexFrom(seq: number): number {
    let low = this.#head;
    let high = this.#tail;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#seqAt(middle) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Transmissions so far, saturating at 255. */
  sendsAt(index: number): number {
    return this.#sends[index & this.#mask] ?? 0;
  }

  dueUsAt(index: number): number {
    return this.#dueUs[index & this.#mask] ?? 0;
  }

  /** Instant of the last transmission, µs. */
  sentUsAt(index: number): number {
    return this.#sentUs[index & this.#mask] ?? 0;
  }

  setDueUs(index: number, dueUs: number): void {
    this.#dueUs[index & this.#mask] = dueUs;
  }

  /** Transmissions that had a full chance and came to nothing. */
  failuresAt(index: number): number {
    return this.#failures[index & this.#mask] ?? 0;
  }

  /** @returns how many there are now */
  countFailure(index: number): number {
    const slot = index & this.#mask;
    const failures = Math.min((this.#failures[slot] ?? 0) + 1, 255);
    this.#failures[slot] = failures;
    return failures;
  }

  /** Takes a failure back: the transmission after it did not come about. */
  takeFailureBack(index: number): void {
    const slot = index & this.#mask;
    this.#failures[slot] = Math.max((this.#failures[slot] ?? 0) - 1, 0);
  }

  /** Times the client's handler failed, saturating. */
  nacksAt(index: number): number {
    return (this.#nacked[index & this.#mask] ?? 0) >> 1;
  }

  /** Whether the client asked to get it again later, rather than staying silent. */
  isNacked(index: number): boolean {
    return ((this.#nacked[index & this.#mask] ?? 0) & 1) === 1;
  }

  /** Notes that the client's handler failed: not again before `dueUs`. */
  postpone(index: number, dueUs: number): void {
    this.#nacked[index & this.#mask] = (Math.min(this.nacksAt(index) + 1, NACKS_MAX) << 1) | 1;
    this.#dueUs[index & this.#mask] = dueUs;
  }

  /** Notes a transmission; moves the cursor past the entry when it was the next one. */
  markSent(index: number, sentUs: number, dueUs: number): void {
    const slot = index & this.#mask;
    const sends = this.#sends[slot] ?? 0;
    if (sends < 255) this.#sends[slot] = sends + 1;
    this.#dueUs[slot] = dueUs;
    this.#sentUs[slot] = sentUs;
    this.#nacked[slot] = (this.#nacked[slot] ?? 0) & ~1;
    const seq = this.#seqAt(index);
    if (seq > this.#highestSent) this.#highestSent = seq;
    if (index >= this.#cursor) this.#cursor = index + 1;
  }

  /** Moves the cursor over a hole. */
  skip(index: number): void {
    if (index >= this.#cursor) this.#cursor = index + 1;
  }

  /** A new connection: everything pending is to be sent again, in order. */
  rewind(): void {
    this.#cursor = this.#head;
  }

  /** @returns index of the entry that holds or covers `seq`, -1 when it is not pending */
  find(seq: number): number {
    if (this.#head === this.#tail || seq < this.firstSeqAt(this.#head) || seq >= this.#nextSeq) return -1;
    const guess = this.#head + seq - this.#seqAt(this.#head);
    const fits = guess < this.#tail && guess >= this.#head && this.#seqAt(guess) === seq;
    const near = fits ? guess : this.indexFrom(seq);
    // A gap leaves holes behind where it grew: their seqs are in the gap, which is the next entry.
    const index = this.#items[near & this.#mask] === undefined ? this.#neighbour(near, 1) : near;
    return this.#covers(index, seq) ? index : -1;
  }

  /**
   * Frees the entry of one acked seq; of a gap, the part up to `seq`.
   *
   * @returns the message freed, undefined for a gap or a stale ack
   */
  ack(index: number, seq: number): OutgoingMessage | undefined {
    const slot = index & this.#mask;
    const item = this.#items[slot];
    if (item instanceof OutboxGap) {
      if (seq < this.#seqAt(index)) item.from = seq + 1;
      else this.#free(slot);
      this.#advanceHead();
      return undefined;
    }
    if (item !== undefined) this.#free(slot);
    this.#advanceHead();
    return item;
  }

  /** Empties it, handing over every message still pending in order; the seq space goes on. */
  clear(discarded: (seq: number, message: OutgoingMessage) => void): void {
    for (let index = this.#head; index < this.#tail; index += 1) {
      const item = this.#items[index & this.#mask];
      this.#items[index & this.#mask] = undefined;
      if (item === undefined || item instanceof OutboxGap) continue;
      this.#release(item);
      discarded(this.#seqAt(index), item);
    }
    this.#head = this.#tail;
    this.#cursor = this.#tail;
    this.#gaps = 0;
  }

  get tail(): number {
    return this.#tail;
  }

  #seqAt(index: number): number {
    return this.#seqs[index & this.#mask] ?? 0;
  }

  /** The nearest entry before or behind an index that is no hole. */
  #neighbour(index: number, step: 1 | -1): number {
    let at = index + step;
    while (at >= this.#head && at < this.#tail && this.#items[at & this.#mask] === undefined) at += step;
    return at;
  }

  /** The later of two gaps that touch takes the earlier in: so the seq of no entry changes, and the head can move on. */
  #mergeGaps(index: number, later: number): void {
    if (index < this.#head || later >= this.#tail) return;
    const gap = this.#items[index & this.#mask];
    const into = this.#items[later & this.#mask];
    if (!(gap instanceof OutboxGap) || !(into instanceof OutboxGap) || gap.reason !== into.reason) return;
    if (this.#seqAt(index) !== into.from - 1) return;
    into.from = gap.from;
    into.told = false;
    this.#items[index & this.#mask] = undefined;
    this.#dueUs[later & this.#mask] = 0;
    this.#failures[later & this.#mask] = 0;
    this.#gaps -= 1;
  }

  #covers(index: number, seq: number): boolean {
    if (index < this.#head || index >= this.#tail) return false;
    const item = this.#items[index & this.#mask];
    if (item === undefined) return false;
    const last = this.#seqAt(index);
    return item instanceof OutboxGap ? seq >= item.from && seq <= last : seq === last;
  }

  #push(seq: number, item: OutgoingMessage | OutboxGap): void {
    if (this.#tail - this.#head > this.#mask - this.#slack) this.#makeRoom();
    const slot = this.#tail & this.#mask;
    this.#seqs[slot] = seq;
    this.#items[slot] = item;
    this.#dueUs[slot] = 0;
    this.#sends[slot] = 0;
    this.#failures[slot] = 0;
    this.#nacked[slot] = 0;
    this.#tail += 1;
  }

  #free(slot: number): void {
    const item = this.#items[slot];
    if (item instanceof OutboxGap) this.#gaps -= 1;
    else if (item !== undefined) this.#release(item);
    this.#items[slot] = undefined;
  }

  #release(message: OutgoingMessage): void {
    this.#messages -= 1;
    this.#bytes -= message.sizeBytes;
    this.#limits.heldBytes.release(message);
  }

  #advanceHead(): void {
    while (this.#head < this.#tail && this.#items[this.#head & this.#mask] === undefined) this.#head += 1;
    if (this.#cursor < this.#head) this.#cursor = this.#head;
  }

  /** Squeezes out holes when at least half the ring is holes, else doubles it. */
  #makeRoom(): void {
    const live = this.#messages + this.#gaps;
    const capacity = this.#mask + 1;
    this.#rebuild(live * 2 <= capacity && capacity > 0 ? capacity : Math.max(8, capacity * 2));
  }

  #rebuild(capacity: number): void {
    const from = {
      seqs: this.#seqs,
      items: this.#items,
      dueUs: this.#dueUs,
      sentUs: this.#sentUs,
      sends: this.#sends,
      failures: this.#failures,
      nacked: this.#nacked,
    };
    const oldMask = this.#mask;
    const [head, tail, cursor] = [this.#head, this.#tail, this.#cursor];
    this.#seqs = new Float64Array(capacity);
    this.#items = new Array<OutgoingMessage | OutboxGap | undefined>(capacity).fill(undefined);
    this.#dueUs = new Float64Array(capacity);
    this.#sentUs = new Float64Array(capacity);
    this.#sends = new Uint8Array(capacity);
    this.#failures = new Uint8Array(capacity);
    this.#nacked = new Uint8Array(capacity);
    this.#mask = capacity - 1;
    this.#slack = Math.floor((capacity * this.#stagger) / (STAGGERS * 4));
    let kept = 0;
    let keptBeforeCursor = 0;
    for (let index = head; index < tail; index += 1) {
      const slot = index & oldMask;
      if (from.items[slot] === undefined) continue;
      this.#seqs[kept] = from.seqs[slot] ?? 0;
      this.#items[kept] = from.items[slot];
      this.#dueUs[kept] = from.dueUs[slot] ?? 0;
      this.#sentUs[kept] = from.sentUs[slot] ?? 0;
      this.#sends[kept] = from.sends[slot] ?? 0;
      this.#failures[kept] = from.failures[slot] ?? 0;
      this.#nacked[kept] = from.nacked[slot] ?? 0;
      kept += 1;
      if (index < cursor) keptBeforeCursor += 1;
    }
    this.#head = 0;
    this.#tail = kept;
    this.#cursor = keptBeforeCursor;
  }
}

/** What one outbox may hold; gaps come on top, merged so that they stay few. */
export interface OutboxLimits {
  readonly maxPending: number;
  readonly bytesMax: number;
  /** Shared by all outboxes of a broadcaster. */
  readonly heldBytes: HeldBytes;
}

/** Messages given up: from `from` to the seq of its entry. */
export class OutboxGap {
  from: number;
  /** Sent as it is now. */
  told = false;
  readonly reason: GapReason;

  constructor(from: number, reason: GapReason) {
    this.from = from;
    this.reason = reason;
  }
}

/** Instants, within the last quarter of their capacity, at which outboxes grow. */
const STAGGERS = 16;
const NO_NUMBERS = new Float64Array(0);
const NACKS_MAX = 127;
const NO_BYTES = new Uint8Array(0);
