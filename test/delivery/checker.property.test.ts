import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnomalyKind } from '../../src/delivery/anomaly.ts';
import { judge } from '../../src/delivery/checker.ts';
import { lossReasonsOf } from '../../src/delivery/counts.ts';
import { History, STEP_KINDS, type Step } from './history.ts';
import { oracle } from './oracle.ts';

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('publish', 'settle', 'arrive-next', 'arrive', 'forge') },
      { weight: 4, arbitrary: fc.constantFrom(...STEP_KINDS) },
      { weight: 1, arbitrary: fc.constantFrom('hello', 'welcome', 'gap', 'handle') },
    ),
    a: fc.nat(200),
    b: fc.nat(500),
    dtUs: fc.nat(3),
  }),
  { minLength: 20, maxLength: 120, size: 'max' },
);

const options = fc.record({
  level: fc.constantFrom('at-most-once' as const, 'at-least-once' as const, 'effectively-once' as const),
  drain: fc.constantFrom('complete' as const, 'progressing' as const, 'stuck' as const),
  evidence: fc.boolean(),
  positions: fc.boolean(),
});

describe('checker', () => {
  it('comes to the same outcome for each message as a plain look at every event, whatever happened', () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(steps, options, (list, { level, drain, evidence, positions }) => {
        const history = new History(positions);
        history.play({ kind: 'publish', a: 0, b: 1, dtUs: 0 });
        history.play({ kind: 'hello', a: 0, b: 1, dtUs: 1 });
        history.play({ kind: 'welcome', a: 0, b: 1, dtUs: 1 });
        for (const step of list) history.play(step);
        history.finish();
        const judged = judge({
          log: history.log,
          clients: [JSON.parse(JSON.stringify(history.ledger.toRecord()))],
          examples: history.context.examples.list(),
          ...(evidence ? { evidence: history.server.toRecord() } : {}),
          level,
          drain,
          originUs: 0,
          endUs: history.nowUs + 1,
        });
        const expected = oracle(history, { acked: level !== 'at-most-once', drain, evidence });
        const { delivery } = judged;
        const counts = {
          owed: delivery.owed,
          delivered: delivery.delivered,
          silent: delivery.lost.silent,
          reported: delivery.lost.reported,
          unresolved: delivery.unresolved,
          notOwed: delivery.notOwed,
          phantom: delivery.phantom,
          corrupt: delivery.corrupt,
          resurrected: delivery.resurrected,
          recovered: delivery.recovered,
          duplicates: delivery.duplicates.handled,
          received: delivery.duplicates.received,
          reordered: delivery.reordered,
          rewound: delivery.rewound,
          filled: delivery.filled,
        };
        expect(counts).toEqual(expected.counts);
        for (const reason of lossReasonsOf(delivery.lost.reportedBy)) {
          expect([reason, delivery.lost.reportedBy[reason]]).toEqual([
            reason,
            expected.reportedBy[reason] ?? 0,
          ]);
        }
        const named = (kind: AnomalyKind): string[] =>
          judged.anomalies
            .filter(
              (anomaly) => anomaly.kind === kind && anomaly.timeline.every(({ code }) => code !== 'seen'),
            )
            .map(({ session, message }) => `${session}:${message}`)
            .sort();
        expect(named('silent-loss')).toEqual([...expected.silent].sort());
        expect(named('reported-loss')).toEqual([...expected.reported].sort());
        expect(named('phantom')).toEqual([...expected.phantom].sort());
        expect(named('resurrected')).toEqual([...expected.resurrected].sort());
        for (const [name, count] of Object.entries(expected.counts)) seen[name] = (seen[name] ?? 0) + count;
      }),
      { numRuns: 4000 },
    );
    // The histories prove something only when everything happens in them.
    for (const [name, count] of Object.entries(seen)) expect([name, count > 0]).toEqual([name, true]);
  });
});
