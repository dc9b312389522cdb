import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { members } from '../../src/delivery/intervals.ts';
import { PUBLISH_STATUSES, PublishLog, type PublishStatus } from '../../src/delivery/publish-log.ts';

const publishes = fc.array(
  fc.record({ afterUs: fc.nat(5), lastsUs: fc.nat(12), status: fc.constantFrom(...PUBLISH_STATUSES) }),
  { maxLength: 30 },
);

interface Published {
  readonly seq: number;
  readonly beginUs: number;
  readonly endUs: number;
  readonly status: PublishStatus;
}

function write(
  list: readonly { afterUs: number; lastsUs: number; status: PublishStatus }[],
): [PublishLog, Published[]] {
  const log = new PublishLog();
  const told: Published[] = [];
  let nowUs = 10;
  list.forEach(({ afterUs, lastsUs, status }, index) => {
    nowUs += afterUs;
    const answered = status === 'accepted' || status === 'rejected';
    log.begin(0, index + 1, nowUs, nowUs);
    told.push({
      seq: index + 1,
      beginUs: nowUs,
      endUs: answered ? nowUs + lastsUs : Number.POSITIVE_INFINITY,
      status,
    });
  });
  for (const { seq, endUs, status } of [...told].reverse()) {
    if (status !== 'open') log.settle(0, seq, status, endUs);
  }
  return [log, told];
}

describe('PublishLog', () => {
  it('answers every question as a look at each publish would', () => {
    fc.assert(
      fc.property(publishes, fc.integer({ min: 0, max: 100 }), fc.nat(40), (list, fromUs, widthUs) => {
        const [log, told] = write(list);
        const toUs = fromUs + widthUs;
        const seqs = (holds: (publish: Published) => boolean): number[] =>
          told.filter(holds).map(({ seq }) => seq);
        const accepted = (publish: Published): boolean => publish.status === 'accepted';
        expect([...members(log.accepted(0))]).toEqual(seqs(accepted));
        expect([...members(log.rejected(0))]).toEqual(seqs(({ status }) => status === 'rejected'));
        expect([...members(log.unknown(0))]).toEqual(
          seqs(({ status }) => status === 'unknown' || status === 'open'),
        );
        expect(log.firstBegunAfter(0, fromUs)).toBe(
          seqs(({ beginUs }) => beginUs > fromUs)[0] ?? told.length + 1,
        );
        const firstOpen =
          seqs((publish) => accepted(publish) && publish.endUs >= fromUs)[0] ?? told.length + 1;
        expect(log.lastEndedBefore(0, fromUs)).toBe(firstOpen - 1);
        expect([...members(log.acceptedBetween(0, fromUs, toUs))]).toEqual(
          seqs((publish) => accepted(publish) && publish.beginUs > fromUs && publish.endUs < toUs),
        );
        expect([...members(log.acceptedBetween(0, fromUs, Number.POSITIVE_INFINITY))]).toEqual(
          seqs((publish) => accepted(publish) && publish.beginUs > fromUs),
        );
        expect([...members(log.acceptedAround(0, fromUs, toUs))]).toEqual(
          seqs((publish) => accepted(publish) && publish.beginUs <= toUs && publish.endUs >= fromUs),
        );
        expect([...members(log.settledBetween(0, [1, 100], fromUs, toUs))]).toEqual(
          seqs(({ beginUs, endUs }) => beginUs > fromUs && endUs < toUs),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('comes back from its record', () => {
    fc.assert(
      fc.property(publishes, (list) => {
        const [log] = write(list);
        const record = log.toRecord();
        expect(PublishLog.fromRecord(JSON.parse(JSON.stringify(record))).toRecord()).toEqual(record);
      }),
    );
  });

  it('takes a late answer for a publish that was given up as unknown', () => {
    const log = new PublishLog();
    log.begin(0, 1, 5, 5);
    log.settle(0, 1, 'unknown', 10);
    expect(log.endUs(0, 1)).toBe(Number.POSITIVE_INFINITY);
    log.settle(0, 1, 'accepted', 30);
    log.settle(0, 1, 'rejected', 40);
    expect([log.status(0, 1), log.endUs(0, 1)]).toEqual(['accepted', 30]);
  });

  it('grows with the stream', () => {
    const log = new PublishLog();
    for (let seq = 1; seq <= 5000; seq += 1) {
      log.begin(2, seq, seq, seq);
      log.settle(2, seq, 'accepted', seq);
    }
    expect(log.accepted(2)).toEqual([1, 5000]);
    expect(log.streamCount).toBe(3);
    expect(log.accepted(0)).toEqual([]);
  });

  it('refuses a seq out of turn and an instant before the one before', () => {
    const log = new PublishLog();
    log.begin(0, 1, 5, 5);
    expect(() => log.begin(0, 3, 6, 6)).toThrow('Cannot begin publish 3 of stream 0: the next one is 2');
    expect(() => log.begin(0, 2, 4, 4)).toThrow('it begins before the previous one');
  });
});
