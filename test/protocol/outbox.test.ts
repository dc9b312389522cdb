import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GapReason } from '../../src/protocol/frame.ts';
import { ENTRY_BYTES, HeldBytes } from '../../src/protocol/held-bytes.ts';
import { MESSAGE_OVERHEAD_BYTES, OutgoingMessage } from '../../src/protocol/message.ts';
import { Outbox, OutboxGap } from '../../src/protocol/outbox.ts';

function outboxOf(maxPending: number): Outbox {
  return new Outbox({ maxPending, bytesMax: MANY, heldBytes: new HeldBytes(MANY) });
}

const MANY = 1_000_000;
const message = (): OutgoingMessage => new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' });

interface Place {
  readonly seq: number;
  state: 'message' | 'gone' | GapReason;
  readonly message: OutgoingMessage;
  sent: boolean;
}

/** One place for each seq, in a plain array. */
class Model {
  readonly places: Place[] = [];

  append(state: Place['state'], of: OutgoingMessage): void {
    this.places.push({ seq: this.places.length + 1, state, message: of, sent: false });
  }

  get pending(): Place[] {
    return this.places.filter(({ state }) => state === 'message');
  }

  /** The gaps that the client has to be told of, as wide as they can be. */
  gaps(): [number, number, string][] {
    const gaps: [number, number, string][] = [];
    for (const { seq, state } of this.places) {
      if (state === 'message' || state === 'gone') continue;
      const last = gaps.at(-1);
      if (last !== undefined && last[1] === seq - 1 && last[2] === state) last[1] = seq;
      else gaps.push([seq, seq, state]);
    }
    return gaps;
  }
}

const reasons = fc.constantFrom<GapReason>('overflow', 'max-resend', 'nack');
const at = fc.nat(1000);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ack' as const), at }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ackThrough' as const), at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('giveUp' as const), at, reason: reasons }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('giveUpOldest' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('appendGap' as const), reason: reasons }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failure' as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rewind' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Pair {
  readonly outbox = outboxOf(20);
  readonly model = new Model();
  readonly failures = new Map<number, number>();

  play(step: Step): void {
    const { outbox, model } = this;
    switch (step.kind) {
      case 'append':
        for (let count = 0; count < step.count; count += 1) {
          const one = message();
          expect(outbox.append(one)).toBe(model.places.length + 1);
          model.append('message', one);
        }
        return;
      case 'appendGap':
        expect(outbox.appendGap(step.reason)).toBe(model.places.length + 1);
        model.append(step.reason, message());
        return;
      case 'ack':
        this.#ack(model.places[step.at % Math.max(1, model.places.length)]);
        return;
      case 'ackThrough':
        for (const place of model.places.slice(0, step.at % (model.places.length + 1))) this.#ack(place);
        return;
      case 'giveUp':
        this.#giveUp(model.pending[step.at % Math.max(1, model.pending.length)], step.reason);
        return;
      case 'giveUpOldest': {
        const oldest = model.pending[0];
        expect(outbox.oldestMessage()).toBe(oldest === undefined ? -1 : outbox.find(oldest.seq));
        this.#giveUp(oldest, 'overflow');
        return;
      }
      case 'send':
        for (let sent = 0; sent < step.count && outbox.hasUnsent; sent += 1) this.#sendNext();
        return;
      case 'failure': {
        const failed = model.pending[step.at % Math.max(1, model.pending.length)];
        if (failed === undefined) return;
        this.failures.set(failed.seq, outbox.countFailure(outbox.find(failed.seq)));
        return;
      }
      case 'rewind':
        outbox.rewind();
        return;
      case 'clear': {
        const discarded: number[] = [];
        const expected = model.pending.map(({ seq }) => seq);
        outbox.clear((seq, one) => {
          expect(model.places[seq - 1]?.message).toBe(one);
          discarded.push(seq);
        });
        expect(discarded).toEqual(expected);
        for (const place of model.places) place.state = 'gone';
      }
    }
  }

  /** As a peer acks that acks gaps from their first seq on. */
  #ack(place: Place | undefined): void {
    if (place === undefined) return;
    const { outbox } = this;
    const index = outbox.find(place.seq);
    if (index < 0 || outbox.firstSeqAt(index) !== place.seq) return;
    const wasMessage = place.state === 'message';
    expect(outbox.ack(index, place.seq)).toBe(wasMessage ? place.message : undefined);
    place.state = 'gone';
  }

  #giveUp(place: Place | undefined, reason: GapReason): void {
    if (place === undefined) return;
    expect(this.outbox.giveUp(this.outbox.find(place.seq), reason)).toBe(place.message);
    place.state = reason;
  }

  #sendNext(): void {
    const { outbox, model } = this;
    const index = outbox.cursor;
    const item = outbox.at(index);
    if (item === undefined) outbox.skip(index);
    else {
      outbox.markSent(index, 5, 10);
      for (let seq = outbox.firstSeqAt(index); seq <= outbox.seqAt(index); seq += 1) {
        const place = model.places[seq - 1];
        if (place !== undefined) place.sent = true;
      }
    }
    expect(outbox.cursor).toBe(index + 1);
  }

  check(): void {
    const { outbox, model } = this;
    const messages: [number, OutgoingMessage][] = [];
    const wrong: number[] = [];
    const gaps: [number, number, string][] = [];
    let lastSeq = 0;
    for (let index = outbox.head; index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      if (outbox.seqAt(index) <= lastSeq) wrong.push(index);
      lastSeq = outbox.seqAt(index);
      if (item instanceof OutboxGap) gaps.push([item.from, lastSeq, item.reason]);
      else if (item !== undefined) {
        messages.push([lastSeq, item]);
        if (outbox.failuresAt(index) !== (this.failures.get(lastSeq) ?? 0)) wrong.push(index);
      }
    }
    expect(messages.map(([seq]) => seq)).toEqual(model.pending.map(({ seq }) => seq));
    expect(messages.every(([seq, one]) => model.places[seq - 1]?.message === one)).toBe(true);
    expect(gaps).toEqual(model.gaps());
    expect(outbox.pending).toBe(messages.length);
    expect(outbox.gaps).toBe(gaps.length);
    expect(outbox.isEmpty).toBe(messages.length + gaps.length === 0);
    expect(outbox.nextSeq).toBe(model.places.length + 1);
    expect(outbox.highestSent).toBe(model.places.findLast(({ sent }) => sent)?.seq ?? 0);
    for (const { seq, state } of model.places) {
      const index = outbox.find(seq);
      const covers = index >= 0 && outbox.firstSeqAt(index) <= seq && outbox.seqAt(index) >= seq;
      if (covers !== (state !== 'gone')) wrong.push(seq);
    }
    expect(wrong).toEqual([]);
    expect(outbox.find(0)).toBe(-1);
    expect(outbox.find(outbox.nextSeq)).toBe(-1);
    expect(outbox.cursor).toBeGreaterThanOrEqual(outbox.head);
    expect(outbox.cursor).toBeLessThanOrEqual(outbox.tail);
  }
}

describe('outbox', () => {
  it('agrees with one place for each seq in a plain array, whatever is done to it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const pair = new Pair();
        for (const one of steps) {
          pair.play(one);
          pair.check();
        }
      }),
      { numRuns: 250 },
    );
  });

  it('never leaves what was not sent behind the cursor', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const pair = new Pair();
        for (const one of steps) if (one.kind !== 'rewind') pair.play(one);
        const { outbox, model } = pair;
        for (let index = outbox.head; index < outbox.cursor; index += 1) {
          const untold = outbox.at(index) instanceof OutboxGap && outbox.dueUsAt(index) === 0;
          const sent = model.places[outbox.seqAt(index) - 1]?.sent ?? false;
          // A gap that grew is due at once.
          if (outbox.at(index) !== undefined) expect(sent || untold).toBe(true);
        }
      }),
      { numRuns: 250 },
    );
  });

  it('keeps seqs findable when a gap is far wider than the entries behind it', () => {
    const outbox = outboxOf(10);
    for (let count = 0; count < 100_000; count += 1) outbox.appendGap('overflow');
    for (let count = 0; count < 5; count += 1) outbox.append(message());
    expect(outbox.seqAt(outbox.find(50_000))).toBe(100_000);
    expect(outbox.seqAt(outbox.find(100_003))).toBe(100_003);
    expect(outbox.find(100_006)).toBe(-1);
  });

  it('frees of a gap only what was acked', () => {
    const outbox = outboxOf(10);
    for (let count = 0; count < 5; count += 1) outbox.appendGap('overflow');
    outbox.ack(outbox.find(3), 3);
    expect([outbox.find(3), outbox.firstSeqAt(outbox.head), outbox.isEmpty]).toEqual([-1, 4, false]);
    outbox.ack(outbox.find(5), 5);
    expect(outbox.isEmpty).toBe(true);
  });

  it('stays as small as what it may hold while the oldest are given up for ever', () => {
    const outbox = outboxOf(50);
    for (let count = 0; count < 50_000; count += 1) {
      if (outbox.isFull) outbox.giveUp(outbox.oldestMessage(), 'overflow');
      outbox.append(message());
      // Entries, holes included: the gap moves along with the head.
      expect(outbox.tail - outbox.head).toBeLessThanOrEqual(128);
    }
    expect([outbox.pending, outbox.gaps, outbox.firstSeqAt(outbox.head)]).toEqual([50, 1, 1]);
  });

  it('stays as small as what it holds while one old message is never acked', () => {
    const outbox = outboxOf(50);
    outbox.append(message());
    for (let count = 0; count < 50_000; count += 1) {
      const seq = outbox.append(message());
      outbox.ack(outbox.find(seq), seq);
      expect(outbox.tail - outbox.head).toBeLessThanOrEqual(128);
    }
    expect([outbox.pending, outbox.find(1)]).toEqual([1, outbox.head]);
  });

  it('tells apart gaps with different reasons', () => {
    const outbox = outboxOf(10);
    for (let count = 0; count < 3; count += 1) outbox.append(message());
    outbox.giveUp(outbox.find(1), 'nack');
    outbox.giveUp(outbox.find(2), 'max-resend');
    outbox.giveUp(outbox.find(3), 'max-resend');
    expect([outbox.gaps, outbox.firstSeqAt(outbox.find(1)), outbox.firstSeqAt(outbox.find(3))]).toEqual([
      2, 1, 2,
    ]);
  });

  it('merges three gaps into one when the message between two is given up', () => {
    const outbox = outboxOf(10);
    for (let count = 0; count < 3; count += 1) outbox.append(message());
    outbox.giveUp(outbox.find(3), 'nack');
    outbox.giveUp(outbox.find(1), 'nack');
    outbox.giveUp(outbox.find(2), 'nack');
    expect([
      outbox.gaps,
      outbox.pending,
      outbox.firstSeqAt(outbox.find(2)),
      outbox.seqAt(outbox.find(2)),
    ]).toEqual([1, 0, 1, 3]);
  });

  it('refuses to give up what is no message', () => {
    const outbox = outboxOf(10);
    outbox.appendGap('overflow');
    expect(() => outbox.giveUp(outbox.head, 'nack')).toThrow('Cannot give up');
  });

  it('begins again with everything pending after a rewind', () => {
    const outbox = outboxOf(10);
    for (let count = 0; count < 3; count += 1) outbox.append(message());
    for (const index of [0, 1, 2]) outbox.markSent(index, 1, 2);
    expect(outbox.hasUnsent).toBe(false);
    outbox.ack(outbox.find(1), 1);
    outbox.rewind();
    expect([outbox.hasUnsent, outbox.seqAt(outbox.cursor), outbox.sendsAt(outbox.cursor)]).toEqual([
      true,
      2,
      1,
    ]);
  });
});

describe('the bytes of outboxes', () => {
  const sized = (length: number, text = 'x'): OutgoingMessage =>
    new OutgoingMessage({ room: '*', type: 't', payloadText: `"${text.repeat(length)}"` });

  it('are those of the text in UTF-8 and of what is kept beside it', () => {
    expect(sized(100, 'é').sizeBytes - sized(0).sizeBytes).toBe(200);
    expect(sized(0).sizeBytes).toBe(sized(0).text.length + MESSAGE_OVERHEAD_BYTES);
  });

  it('count a message in full in each outbox, and once with an entry in each for all of them', () => {
    const heldBytes = new HeldBytes(MANY);
    const [a, b] = [0, 1].map(() => new Outbox({ maxPending: 10, bytesMax: MANY, heldBytes }));
    const shared = sized(1000);
    const { sizeBytes } = shared;
    a?.append(shared);
    b?.append(shared);
    expect([a?.bytes, b?.bytes, heldBytes.held]).toEqual([sizeBytes, sizeBytes, sizeBytes + 2 * ENTRY_BYTES]);
    a?.ack(a.find(1), 1);
    expect([a?.bytes, b?.bytes, heldBytes.held]).toEqual([0, sizeBytes, sizeBytes + ENTRY_BYTES]);
    b?.clear(() => {});
    expect(heldBytes.held).toBe(0);
  });

  it('make it full at its own limit, which the last message may pass', () => {
    const outbox = new Outbox({ maxPending: 10, bytesMax: 2000, heldBytes: new HeldBytes(MANY) });
    outbox.append(sized(1000));
    expect(outbox.isFull).toBe(false);
    outbox.append(sized(1000));
    expect(outbox.isFull).toBe(true);
    outbox.ack(outbox.find(1), 1);
    expect(outbox.isFull).toBe(false);
  });

  it('leave room for those kept short when a longer outbox takes what it can get', () => {
    const heldBytes = new HeldBytes(100_000);
    const [greedy, modest] = [0, 1].map(() => new Outbox({ maxPending: 1000, bytesMax: MANY, heldBytes }));
    while (greedy?.isFull === false) greedy.append(sized(1000));
    // It holds as much as it leaves free.
    expect((greedy?.bytes ?? 0) / 100_000).toBeCloseTo(0.5, 1);
    expect(modest?.isFull).toBe(false);
  });

  it('never exceed their limit by more than one message, however many outboxes fill up', () => {
    const heldBytes = new HeldBytes(100_000);
    for (let count = 0; count < 50; count += 1) {
      const outbox = new Outbox({ maxPending: 1000, bytesMax: MANY, heldBytes });
      while (!outbox.isFull) outbox.append(sized(1000));
    }
    expect(heldBytes.held).toBeLessThan(100_000 + sized(1000).sizeBytes);
    expect(heldBytes.held).toBeGreaterThan(90_000);
  });

  it('come back to nothing whatever happens to the messages', () => {
    const actions = fc.array(fc.constantFrom('append', 'ack', 'giveUp', 'gap', 'ackGap'), { maxLength: 60 });
    fc.assert(
      fc.property(actions, fc.nat(), (steps, pick) => {
        const heldBytes = new HeldBytes(MANY);
        const outbox = new Outbox({ maxPending: MANY, bytesMax: MANY, heldBytes });
        for (const step of steps) {
          const seq = 1 + (pick % outbox.nextSeq);
          const index = outbox.find(seq);
          const isMessage = index >= 0 && outbox.at(index) instanceof OutgoingMessage;
          if (step === 'append') outbox.append(sized(pick % 50));
          else if (step === 'gap') outbox.appendGap('overflow');
          else if (step === 'giveUp' && isMessage) outbox.giveUp(index, 'nack');
          else if (step === 'ack' && isMessage) outbox.ack(index, seq);
          else if (step === 'ackGap' && index >= 0 && !isMessage) outbox.ack(index, outbox.seqAt(index));
          let [bytes, entries] = [0, 0];
          for (let at = outbox.head; at < outbox.tail; at += 1) {
            const item = outbox.at(at);
            if (!(item instanceof OutgoingMessage)) continue;
            bytes += item.sizeBytes;
            entries += 1;
          }
          expect([outbox.bytes, heldBytes.held]).toEqual([bytes, bytes + entries * ENTRY_BYTES]);
        }
      }),
    );
  });
});
