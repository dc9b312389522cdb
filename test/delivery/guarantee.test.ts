import { describe, expect, it } from 'vitest';
import type { AnomalyKind } from '../../src/delivery/anomaly.ts';
import { ANOMALY_KINDS, emptyAnomalyCounts } from '../../src/delivery/anomaly.ts';
import { emptyCounts } from '../../src/delivery/counts.ts';
import { resourceViolations, violations } from '../../src/delivery/guarantee.ts';
import type { DeliveryCounts } from '../../src/delivery/judgement.ts';
import type { DeliveryLevel } from '../../src/delivery/level.ts';

const LEVELS: readonly DeliveryLevel[] = ['at-most-once', 'at-least-once', 'effectively-once'];

/** The levels at which these counts break the guarantee. */
function brokenAt(change: (counts: DeliveryCounts) => void, anomaly?: AnomalyKind): DeliveryLevel[] {
  const counts = emptyCounts();
  change(counts);
  const anomalyCounts = emptyAnomalyCounts();
  if (anomaly !== undefined) anomalyCounts[anomaly] = 1;
  return LEVELS.filter(
    (level) => violations({ direction: 'down', level, counts, anomalyCounts, allowReported: [] }).length > 0,
  );
}

describe('violations', () => {
  it.each<[string, (counts: DeliveryCounts) => void, readonly DeliveryLevel[]]>([
    ['nothing wrong', () => {}, []],
    ['silent loss', (counts) => (counts.lost.silent = 1), ['at-least-once', 'effectively-once']],
    [
      'reported loss',
      (counts) => {
        counts.lost.reported = 1;
        counts.lost.reportedBy.overflow = 1;
      },
      ['at-least-once', 'effectively-once'],
    ],
    [
      'a duplicate before the ack',
      (counts) => (counts.duplicates.handled = 1),
      ['at-most-once', 'effectively-once'],
    ],
    [
      'a duplicate after the ack',
      (counts) => {
        counts.duplicates.handled = 1;
        counts.duplicates.handledAfterAck = 1;
      },
      LEVELS,
    ],
    ['a duplicate on the wire', (counts) => (counts.duplicates.received = 1), []],
    ['disorder', (counts) => (counts.reordered = 1), ['effectively-once']],
    ['a rewind', (counts) => (counts.rewound = 1), ['effectively-once']],
    ['a filled hole', (counts) => (counts.filled = 1), ['effectively-once']],
    ['a phantom', (counts) => (counts.phantom = 1), LEVELS],
    ['a corrupt body', (counts) => (counts.corrupt = 1), LEVELS],
    ['a resurrected message', (counts) => (counts.resurrected = 1), LEVELS],
    ['a recovered message', (counts) => (counts.recovered = 1), []],
    ['an early ack', (counts) => (counts.ackBeforeHandle = 1), ['at-least-once', 'effectively-once']],
    ['something late', (counts) => (counts.late = 1), []],
    ['something unresolved', (counts) => (counts.unresolved = 1), []],
  ])('for %s', (_, change, levels) => {
    expect(brokenAt(change)).toEqual(levels);
  });

  it.each<AnomalyKind>(['unsound-ack', 'false-resume', 'split-ownership', 'stuck'])(
    'at every level for %s',
    (kind) => {
      expect(brokenAt(() => {}, kind)).toEqual(LEVELS);
    },
  );

  it('leave out reported loss for the reasons that the scenario allows', () => {
    const counts = emptyCounts();
    counts.lost.reportedBy.overflow = 3;
    counts.lost.reportedBy.restart = 4;
    const found = violations({
      direction: 'down',
      level: 'at-least-once',
      counts,
      anomalyCounts: emptyAnomalyCounts(),
      allowReported: ['overflow'],
    });
    expect(found).toEqual([
      { code: 'loss-not-allowed', reason: 'restart', direction: 'down', level: 'at-least-once', count: 4 },
    ]);
  });

  it('of resources are told apart, and no anomaly of server invariants is overlooked', () => {
    for (const kind of ANOMALY_KINDS) {
      const anomalyCounts = { ...emptyAnomalyCounts(), [kind]: 2 };
      const ofServer = [
        'stuck',
        'limit-exceeded',
        'leak',
        'undetected',
        'misdetected',
        'missing-backoff',
        'split-ownership',
      ].includes(kind);
      const told =
        violations({
          direction: 'down',
          level: 'at-least-once',
          counts: emptyCounts(),
          anomalyCounts,
          allowReported: [],
        }).length + resourceViolations(anomalyCounts).length;
      if (ofServer) expect([kind, told]).toEqual([kind, 1]);
    }
  });
});
