import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DedupWindow } from '../../src/protocol/dedup-window.ts';

const WINDOW = 12;

/** Every seq that counts as handled, one by one. */
class Model {
  readonly seen = new Set<number>();

  get floor(): number {
    let floor = 0;
    while (this.seen.has(floor + 1)) floor += 1;
    return floor;
  }

  add(seq: number): boolean {
    if (this.seen.has(seq) || seq > this.floor + WINDOW) return false;
    this.seen.add(seq);
    return true;
  }

  cover(from: number, to: number): void {
    const reaches = from <= this.floor + 1 ? to : Math.min(to, this.floor + WINDOW);
    for (let seq = from; seq <= reaches; seq += 1) this.seen.add(seq);
  }
}

const seq = fc.integer({ min: 1, max: 40 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), seq }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cover' as const), seq, width: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), seq }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollBackTo' as const), seq }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);

describe('dedup window', () => {
  it('agrees with a plain set of everything handled', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = new DedupWindow(WINDOW);
        let model = new Model();
        for (const one of steps) {
          switch (one.kind) {
            case 'add':
              expect(window.add(one.seq)).toBe(model.add(one.seq));
              break;
            case 'cover':
              window.cover(one.seq, one.seq + one.width);
              model.cover(one.seq, one.seq + one.width);
              break;
            case 'forget':
              window.forget(one.seq);
              model.seen.delete(one.seq);
              break;
            case 'rollBackTo':
              if (one.seq < model.floor)
                for (const seen of model.seen) if (seen > one.seq) model.seen.delete(seen);
              window.rollBackTo(one.seq);
              break;
            case 'clear':
              window.clear();
              model = new Model();
          }
          expect(window.floor).toBe(model.floor);
          for (let at = 1; at <= 60; at += 1) expect(window.has(at)).toBe(model.seen.has(at));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('knows a seq as handled however long ago that was', () => {
    const window = new DedupWindow(8);
    for (let at = 1; at <= 10_000; at += 1) window.add(at);
    expect([window.has(1), window.add(1), window.floor]).toEqual([true, false, 10_000]);
  });

  it('refuses what it could not remember', () => {
    const window = new DedupWindow(8);
    expect([window.isBeyond(8), window.add(8)]).toEqual([false, true]);
    expect([window.isBeyond(9), window.add(9), window.has(9)]).toEqual([true, false, false]);
  });

  it('covers a gap of any width that begins at the floor', () => {
    const window = new DedupWindow(8);
    window.add(5);
    window.cover(1, 1_000_000);
    expect([window.floor, window.add(1_000_001), window.floor]).toEqual([1_000_000, true, 1_000_001]);
  });

  it('closes over what was handled above a gap', () => {
    const window = new DedupWindow(8);
    window.add(4);
    window.add(5);
    window.cover(1, 3);
    expect(window.floor).toBe(5);
  });

  it('keeps what lies above one that is forgotten', () => {
    const window = new DedupWindow(8);
    for (const at of [1, 2, 3, 4]) window.add(at);
    window.forget(2);
    expect([window.floor, window.has(2), window.has(3), window.has(4)]).toEqual([1, false, true, true]);
    window.add(2);
    expect(window.floor).toBe(4);
  });
});
