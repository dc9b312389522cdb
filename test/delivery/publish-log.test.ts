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
          seqs(({ status }) => status !== 'accepted' && status !== 'rejected'),
        );
        expect([...members(log.unconfirmed(0))]).toEqual(seqs(({ status }) => status === 'unconfirmed'));
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

  describe('of a publisher that gets no answers', () => {
    /** @param connections - of each message, from 1; @param seen - when each was seen, µs; -1: never */
    function weighed(
      connections: readonly number[],
      seen: readonly number[],
      outlived: (connection: number) => boolean = () => false,
    ): PublishLog {
      const log = new PublishLog();
      connections.forEach((connection, index) => {
        log.begin(0, index + 1, index * 10, index * 10);
        log.settle(0, index + 1, 'unconfirmed', index * 10, connection);
      });
      log.weigh(0, { seenUs: (seq) => seen[seq - 1] ?? -1, outlived, endUs: 5000 });
      return log;
    }

    it('takes a message for accepted that somebody saw, and those before it on the same connection', () => {
      const log = weighed([1, 1, 1, 1], [-1, -1, 500, -1]);
      expect([...members(log.accepted(0))]).toEqual([1, 2, 3]);
      expect([...members(log.unconfirmed(0))]).toEqual([4]);
      expect([1, 2, 3].map((seq) => log.endUs(0, seq))).toEqual([500, 500, 500]);
    });

    it('concludes nothing from one connection for another', () => {
      const log = weighed([1, 2, 1, 2], [-1, -1, 700, -1]);
      expect([...members(log.accepted(0))]).toEqual([1, 3]);
    });

    it('takes everything for accepted that left on a connection which was open until the end', () => {
      const log = weighed([1, 1, 2], [-1, -1, -1], (connection) => connection === 2);
      expect([...members(log.accepted(0))]).toEqual([3]);
      expect(log.endUs(0, 3)).toBe(5000);
    });

    it('dates a message no later than the first of those after it that was seen', () => {
      const log = weighed([1, 1, 1], [900, 400, 600]);
      expect([1, 2, 3].map((seq) => log.endUs(0, seq))).toEqual([400, 400, 600]);
    });

    it('knows the order of two messages of one connection, and of no others', () => {
      const log = weighed([1, 1, 2], [900, 900, 900]);
      expect(log.isOneConnection(0, 1, 2)).toBe(true);
      expect(log.isOneConnection(0, 2, 3)).toBe(false);
      log.begin(0, 4, 40, 40);
      log.settle(0, 4, 'accepted', 50);
      expect(log.isOneConnection(0, 3, 4)).toBe(false);
    });

    it('leaves answered publishes alone, and keeps its decisions', () => {
      const log = new PublishLog();
      log.begin(0, 1, 0, 0);
      log.settle(0, 1, 'rejected', 10, 1);
      log.begin(0, 2, 20, 20);
      log.settle(0, 2, 'unconfirmed', 20, 1);
      log.weigh(0, { seenUs: () => 100, outlived: () => false, endUs: 5000 });
      log.settle(0, 2, 'rejected', 200);
      expect([log.status(0, 1), log.status(0, 2)]).toEqual(['rejected', 'accepted']);
    });
  });
});
