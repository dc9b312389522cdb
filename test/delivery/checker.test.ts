import { describe, expect, it } from 'vitest';
import type { AnomalyKind } from '../../src/delivery/anomaly.ts';
import type { Cause } from '../../src/delivery/cause.ts';
import { inconclusiveReasons, type Judgement } from '../../src/delivery/checker.ts';
import type { LossReason } from '../../src/delivery/loss-reason.ts';
import { handle, handleRange, RunFixture, receive } from './run-fixture.ts';

function named(judgement: Judgement, kind: AnomalyKind): string[] {
  return judgement.anomalies
    .filter((one) => one.kind === kind)
    .map(({ session, message }) => `${session} ${message}`);
}

function causes(judgement: Judgement, kind: AnomalyKind): Cause[] {
  return judgement.anomalies.filter((one) => one.kind === kind).map(({ cause }) => cause);
}

describe('owed', () => {
  it('is what was published wholly after the subscription was confirmed', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100);
    fixture.publish(101, 102);
    expect(fixture.judge().delivery).toMatchObject({ published: 1, owed: 1, lost: { silent: 1 } });
  });

  it.each([
    ['begins before the hello and ends after it', 90, 99],
    ['begins and ends between hello and welcome', 99, 99],
    ['begins before the welcome and ends after it', 99, 120],
    ['begins at the instant of the welcome', 100, 105],
    ['ends at the instant of the hello', 90, 98],
    ['spans hello and welcome', 90, 120],
  ])('is not what %s: it may arrive or not', (_, beginUs, endUs) => {
    for (const arrives of [true, false]) {
      const fixture = new RunFixture();
      const client = fixture.subscribed(100);
      fixture.publish(beginUs, endUs);
      if (arrives) handle(client, 1);
      const { delivery } = fixture.judge();
      expect(delivery).toMatchObject({ owed: 0, delivered: 0, phantom: 0, notOwed: arrives ? 0 : 1 });
      expect(delivery.lost).toMatchObject({ silent: 0, reported: 0 });
    }
  });

  it.each([
    ['the first message of the stream arrives', 150, 150],
    ['the server has had its time', undefined, 200],
  ])('begins, where nobody confirms a subscription, when %s', (_, firstUs, owedFromUs) => {
    const fixture = new RunFixture();
    const client = fixture.client([true]);
    client.helloSent(98);
    client.subscribed(100, '', undefined, 200);
    fixture.publish(110, 120);
    const first = fixture.publish(130, 140);
    if (firstUs !== undefined) handle(client, first, { atUs: firstUs });
    fixture.publish(owedFromUs + 1, owedFromUs + 5);
    const { delivery } = fixture.judge();
    expect(delivery).toMatchObject({ owed: 1, lost: { silent: 1 }, phantom: 0 });
    expect(delivery.notOwed).toBe(firstUs === undefined ? 2 : 1);
  });

  it('is not what was published before the first hello: to handle that is a phantom', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(90, 97);
    handle(client, 1);
    const judged = fixture.judge();
    expect(judged.delivery).toMatchObject({ owed: 0, phantom: 1, notOwed: 0 });
    expect(causes(judged, 'phantom')).toEqual([{ code: 'published-while-unsubscribed' }]);
  });

  it('is not what a server with a history sends of the past, which may arrive or not', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(90, 97);
    fixture.publish(91, 97);
    fixture.publish(110, 120);
    for (const seq of [1, 3]) handle(client, seq, { atUs: 130 });
    client.goodbye(200);
    client.closed(210, 1000);
    fixture.publish(220, 230);
    client.helloSent(300);
    client.subscribed(302, 's1');
    handle(client, 4, { atUs: 310 });
    const { delivery, anomalyCounts } = fixture.judge({ sendsPast: true });
    expect(delivery).toMatchObject({ owed: 1, delivered: 1, phantom: 0 });
    expect(delivery.lost).toMatchObject({ silent: 0, reported: 0 });
    expect(anomalyCounts.phantom).toBe(0);
    expect(fixture.judge().delivery.phantom).toBe(2);
  });

  it('is never what was not published, whatever else a server may send', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    handle(client, 7);
    const judged = fixture.judge({ sendsPast: true });
    expect(judged.delivery.phantom).toBe(1);
    expect(causes(judged, 'phantom')).toEqual([{ code: 'never-published' }]);
  });

  it('stays with the old session until the hello of the next, and what overlaps the change is optional', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(101, 109);
    fixture.publish(105, 110);
    fixture.publish(112, 113);
    fixture.publish(121, 122);
    client.helloSent(110);
    client.subscribed(120, 's1', 'session-expired');
    handle(client, 4);
    expect(fixture.judge().delivery).toMatchObject({
      owed: 2,
      delivered: 1,
      notOwed: 2,
      lost: { silent: 0, reported: 1 },
    });
  });

  it('ends with a goodbye: what is still on its way is given up, an earlier hole had no fair chance', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(4, 110);
    handle(client, 1);
    handle(client, 3);
    client.goodbye(200);
    client.closed(205, 1000);
    fixture.publish(202, 203);
    fixture.publish(300);
    expect(fixture.judge().delivery).toMatchObject({
      owed: 3,
      delivered: 2,
      unresolved: 1,
      notOwed: 2,
      lost: { silent: 0 },
    });
  });

  it('does not end with a goodbye after the drain', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    client.goodbye(2_000_000);
    client.closed(2_000_001, 1000);
    expect(fixture.judge().delivery).toMatchObject({ owed: 1, lost: { silent: 1 } });
  });

  it('leaves room for no message published between an answered goodbye and the next hello', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    client.goodbye(200);
    client.closed(205, 1000);
    fixture.publish(210);
    client.helloSent(300);
    client.subscribed(302, 's1', 'replaced');
    handle(client, 1);
    expect(fixture.judge().delivery).toMatchObject({ phantom: 1 });
  });

  it('is nothing for a publish that was rejected, or whose outcome nobody knows', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100);
    fixture.publish(110, 111, 'rejected');
    fixture.publish(120, 121, 'unknown');
    fixture.publish(130, 131, 'open');
    expect(fixture.judge().delivery).toMatchObject({ published: 0, owed: 0, notOwed: 0 });
  });
});

describe('outcome', () => {
  it('delivered: handled once', () => {
    const fixture = new RunFixture();
    handleRange(fixture.subscribed(100), 1, 3);
    fixture.publishMany(3, 110);
    const { delivery, anomalies, anomalyCounts } = fixture.judge();
    expect(delivery).toMatchObject({ published: 3, owed: 3, delivered: 3 });
    expect(anomalies).toEqual([]);
    expect(Object.values(anomalyCounts).every((count) => count === 0)).toBe(true);
  });

  it('corrupt: handled with another body, and not delivered', () => {
    const fixture = new RunFixture();
    handle(fixture.subscribed(100), 1, { body: 'x'.repeat(32) });
    fixture.publish(110);
    const judged = fixture.judge();
    expect(judged.delivery).toMatchObject({ owed: 1, delivered: 0, corrupt: 1, lost: { silent: 0 } });
    expect(named(judged, 'corrupt')).toEqual(['c0 p0:1']);
  });

  it('phantom: a seq that was never published', () => {
    const fixture = new RunFixture();
    handle(fixture.subscribed(100), 9);
    const judged = fixture.judge();
    expect(judged.delivery.phantom).toBe(1);
    expect(causes(judged, 'phantom')).toEqual([{ code: 'never-published' }]);
  });

  it('phantom: a stamp of another run', () => {
    const fixture = new RunFixture();
    receive(fixture.subscribed(100), 1, { run: 'other' });
    const judged = fixture.judge();
    expect([judged.delivery.phantom, judged.anomalyCounts.phantom]).toEqual([1, 1]);
  });

  it('resurrected: the publish was rejected, and yet it was handled', () => {
    const fixture = new RunFixture();
    handle(fixture.subscribed(100), 1);
    fixture.publish(110, 111, 'rejected');
    const judged = fixture.judge();
    expect(judged.delivery).toMatchObject({ resurrected: 1, owed: 0, delivered: 0 });
    expect(named(judged, 'resurrected')).toEqual(['c0 p0:1']);
  });

  it('recovered: the publisher timed out, and it was handled', () => {
    const fixture = new RunFixture();
    handle(fixture.subscribed(100), 1);
    fixture.publish(110, 111, 'unknown');
    expect(fixture.judge().delivery).toMatchObject({ recovered: 1, owed: 0 });
  });

  it('duplicate before the ack: handled again while the server could not know', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    handle(client, 1);
    handle(client, 1, { redelivered: true });
    const judged = fixture.judge();
    expect(judged.delivery).toMatchObject({
      delivered: 1,
      duplicates: { handled: 1, handledAfterAck: 0, received: 1 },
    });
    expect([judged.anomalyCounts.duplicate, judged.anomalyCounts['duplicate-after-ack']]).toEqual([1, 0]);
  });

  it('duplicate after the ack: the server sent again what it knew to be handled', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publish(110);
    evidence.assigned(0, 1);
    evidence.sent(0, 1, 1);
    handle(client, 1);
    evidence.acked(0, 1);
    evidence.sent(0, 1, 2);
    handle(client, 1, { redelivered: true });
    const judged = fixture.judge({ evidence: fixture.evidence.toRecord() });
    expect(judged.delivery.duplicates).toEqual({ handled: 1, handledAfterAck: 1, received: 1 });
    expect(judged.anomalyCounts).toMatchObject({ duplicate: 0, 'duplicate-after-ack': 1, 'unsound-ack': 1 });
    expect(judged.anomalies.find(({ kind }) => kind === 'unsound-ack')?.timeline.at(-1)).toMatchObject({
      code: 'server-record',
      assigned: true,
      sent: true,
      acked: true,
      dropped: '',
      resentAfterAck: true,
    });
  });

  it('a message handled in the old and in the new session is a duplicate', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    handle(client, 1);
    client.helloSent(200);
    client.subscribed(202, 's1', 'restart');
    expect(handle(client, 1)).toBe('duplicate');
    expect(fixture.judge().delivery).toMatchObject({ delivered: 1, duplicates: { handled: 1 }, phantom: 0 });
  });

  it('a message of the old session that the new one handles is delivered', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    client.helloSent(200);
    client.subscribed(202, 's1', 'session-expired');
    handle(client, 1);
    expect(fixture.judge().delivery).toMatchObject({ owed: 1, delivered: 1, lost: { reported: 0 } });
  });

  it('lost, silent: with where it was lost', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(5, 110);
    handle(client, 2);
    handle(client, 4);
    const judged = fixture.judge();
    expect(judged.delivery.lost.silent).toBe(3);
    expect(causes(judged, 'silent-loss')).toEqual([
      { code: 'never-came', place: 'before' },
      { code: 'never-came', place: 'among' },
      { code: 'never-came', place: 'after' },
    ]);
  });

  it('lost, silent: with the stage that it reached', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publishMany(4, 110);
    for (const seq of [2, 3, 4]) evidence.assigned(0, seq);
    for (const seq of [3, 4]) evidence.sent(0, seq, 1);
    receive(client, 4);
    const judged = fixture.judge({ evidence: fixture.evidence.toRecord() });
    const stages = judged.anomalies.map(({ message, stage }) => `${message} ${stage}`).sort();
    expect(stages).toEqual(['p0:1 not-enqueued', 'p0:2 not-sent', 'p0:3 not-received', 'p0:4 not-handled']);
  });

  it.each(['progressing', 'stuck'] as const)('unresolved: the drain was %s', (drain) => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    handle(client, 3);
    const judged = fixture.judge({ drain });
    expect(judged.delivery).toMatchObject({ unresolved: 2, lost: { silent: 0 } });
    expect(inconclusiveReasons(judged)).toEqual([
      { code: 'deliveries-unresolved', direction: 'down', count: 2 },
    ]);
  });

  it('silent even in a stuck drain, where the server holds nothing more', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publishMany(3, 110);
    for (const seq of [1, 2]) evidence.assigned(0, seq);
    evidence.acked(0, 1);
    const judged = fixture.judge({ drain: 'stuck', evidence: fixture.evidence.toRecord() });
    expect(judged.delivery).toMatchObject({ unresolved: 1, lost: { silent: 2 } });
    expect(named(judged, 'silent-loss')).toEqual(['c0 p0:1', 'c0 p0:3']);
  });

  it('unresolved where the server sent it, even without a record of a place in the outbox', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100, 'key');
    fixture.publish(110);
    fixture.evidence.opened('key', 99).sent(0, 1, 1);
    const judged = fixture.judge({ drain: 'stuck', evidence: fixture.evidence.toRecord() });
    expect(judged.delivery).toMatchObject({ unresolved: 1, lost: { silent: 0 } });
  });

  it('is one for each owed message: delivered, corrupt, lost or unresolved', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(20, 110);
    handleRange(client, 1, 8);
    handle(client, 9, { position: 9, body: '' });
    client.gap(10, 12, 'ttl', 400);
    handle(client, 15, { position: 15 });
    const { delivery } = fixture.judge();
    const { owed, delivered, corrupt, unresolved, lost } = delivery;
    expect(owed).toBe(delivered + corrupt + unresolved + lost.silent + lost.reported);
    expect(lost.reportedBy.ttl).toBe(3);
  });

  it('late is counted beside it', () => {
    const fixture = new RunFixture(1000);
    handle(fixture.subscribed(100), 1, { intendedUs: 110, atUs: 5000 });
    fixture.publish(110);
    expect(fixture.judge().delivery).toMatchObject({ delivered: 1, late: 1 });
  });
});

describe('order', () => {
  it('is judged on publishes that did not overlap', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110, 140);
    fixture.publish(120, 130);
    fixture.publish(150);
    handle(client, 3);
    handle(client, 2);
    handle(client, 1);
    const judged = fixture.judge();
    expect(judged.delivery).toMatchObject({ reordered: 2, displacementMax: 2 });
    expect(judged.anomalyCounts.reorder).toBe(2);
    const overlapping = new RunFixture();
    const other = overlapping.subscribed(100);
    overlapping.publish(110, 140);
    overlapping.publish(120, 130);
    handle(other, 2);
    handle(other, 1);
    expect(overlapping.judge()).toMatchObject({ delivery: { reordered: 0 }, anomalies: [] });
  });

  it('counts rewinds and filled holes apart', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    handle(client, 3);
    handle(client, 1, { redelivered: true });
    client.closed(150, 1006);
    client.resumed(160, 0);
    handle(client, 2, { redelivered: true });
    expect(fixture.judge().delivery).toMatchObject({ reordered: 0, rewound: 1, filled: 1 });
  });
});

describe('gap', () => {
  it('accounts for the messages between its neighbours', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(10, 110);
    handleRange(client, 1, 3);
    client.gap(4, 6, 'overflow', 300);
    handleRange(client, 7, 10);
    const judged = fixture.judge();
    expect(judged.delivery.lost).toMatchObject({ silent: 0, reported: 3, reportedBy: { overflow: 3 } });
    expect(named(judged, 'reported-loss')).toEqual(['c0 p0:4', 'c0 p0:5', 'c0 p0:6']);
  });

  it('accounts for no more messages than it has positions: the rest is silent', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(10, 110);
    handleRange(client, 1, 3);
    client.gap(4, 5, 'overflow', 300);
    handle(client, 8, { position: 6 });
    handle(client, 9, { position: 7 });
    handle(client, 10, { position: 8 });
    const judged = fixture.judge();
    expect(judged.delivery.lost).toMatchObject({ silent: 2, reported: 2 });
    expect(named(judged, 'silent-loss')).toEqual(['c0 p0:6', 'c0 p0:7']);
  });

  it('accounts first for what the server says it gave up', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publishMany(4, 110);
    for (const seq of [1, 2, 3, 4]) evidence.assigned(0, seq);
    evidence.dropped(0, 3, 'max-resend');
    handle(client, 1, { position: 1 });
    client.gap(2, 2, 'max-resend', 300);
    handle(client, 4, { position: 3 });
    const judged = fixture.judge({ evidence: fixture.evidence.toRecord() });
    expect(named(judged, 'reported-loss')).toEqual(['c0 p0:3']);
    expect(named(judged, 'silent-loss')).toEqual(['c0 p0:2']);
  });

  it('does not reach beyond its neighbours', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(6, 110);
    handle(client, 2, { position: 1 });
    client.gap(2, 4, 'ttl', 300);
    handle(client, 4, { position: 5 });
    const judged = fixture.judge();
    expect(judged.delivery.lost).toMatchObject({ silent: 3, reported: 1 });
    expect(named(judged, 'reported-loss')).toEqual(['c0 p0:3']);
  });

  it('shares its positions among the streams in order of their publishes', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key', [true, true]);
    for (const at of [110, 120, 130]) {
      fixture.publish(at, at + 1, 'accepted', 0);
      fixture.publish(at + 5, at + 6, 'accepted', 1);
    }
    handle(client, 1, { position: 1, stream: 0 });
    client.gap(2, 4, 'overflow', 300);
    handle(client, 3, { position: 5, stream: 0 });
    handle(client, 3, { position: 6, stream: 1 });
    const judged = fixture.judge();
    expect(named(judged, 'reported-loss').sort()).toEqual(['c0 p0:2', 'c0 p1:1', 'c0 p1:2']);
    expect(judged.delivery.lost.silent).toBe(0);
    const narrow = new RunFixture();
    const other = narrow.subscribed(100, 'key', [true, true]);
    for (const at of [110, 120]) {
      narrow.publish(at, at + 1, 'accepted', 0);
      narrow.publish(at + 5, at + 6, 'accepted', 1);
    }
    other.gap(1, 3, 'overflow', 300);
    expect(named(narrow.judge(), 'silent-loss')).toEqual(['c0 p1:2']);
  });

  it('next to another with nothing between them shares its window, each with its reason', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(5, 110);
    handle(client, 1, { position: 1 });
    client.gap(2, 2, 'ttl', 300);
    client.gap(3, 4, 'overflow', 301);
    handle(client, 5, { position: 5 });
    expect(fixture.judge().delivery.lost).toMatchObject({ silent: 0, reportedBy: { ttl: 1, overflow: 2 } });
  });

  it('is told again on a resume and counts once', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(4, 110);
    handle(client, 1, { position: 1 });
    client.gap(2, 2, 'ttl', 300);
    client.closed(310, 1006);
    client.resumed(320, 1);
    client.gap(2, 2, 'ttl', 330);
    expect(fixture.judge().delivery.lost).toMatchObject({ silent: 2, reported: 1 });
  });

  it('names the message exactly when that had arrived and its handler failed: a dead letter', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    handle(client, 1, { position: 1 });
    const arrival = receive(client, 2, { position: 2 });
    if (arrival !== undefined) client.failed(2, arrival, 250);
    client.gap(2, 2, 'nack', 300);
    const judged = fixture.judge();
    expect(named(judged, 'reported-loss')).toEqual(['c0 p0:2']);
    expect(named(judged, 'silent-loss')).toEqual(['c0 p0:3']);
    expect(judged.anomalies.find(({ kind }) => kind === 'reported-loss')?.stage).toBe('not-handled');
  });

  it('accounts for nothing that arrives after all', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(4, 110);
    handle(client, 1, { position: 1 });
    client.gap(2, 2, 'ttl', 300);
    handle(client, 4, { position: 4 });
    handle(client, 2, { position: 2 });
    expect(fixture.judge().delivery).toMatchObject({ delivered: 3, lost: { silent: 1, reported: 0 } });
  });

  it('may stand for a neighbour in time: overlapping publishes get their positions in any order', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110, 150);
    fixture.publish(120, 130);
    handle(client, 2, { position: 1 });
    client.gap(2, 2, 'overflow', 300);
    expect(fixture.judge().delivery.lost).toMatchObject({ silent: 0, reported: 1 });
  });
});

describe('a client that never returns', () => {
  function gone(): RunFixture {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    fixture.publishMany(2, 110);
    handle(client, 1);
    client.closed(115, 1006);
    return fixture;
  }

  it('leaves its messages unresolved while nobody says what became of them', () => {
    const judged = gone().judge({ awayOnPurpose: new Set([0]) });
    expect(judged.delivery).toMatchObject({ owed: 2, delivered: 1, unresolved: 1 });
    expect(inconclusiveReasons(judged)).toEqual([]);
  });

  it('leaves the run inconclusive when it was meant to come back', () => {
    expect(inconclusiveReasons(gone().judge())).toHaveLength(1);
  });

  it('leaves its messages unresolved while the server holds its session', () => {
    const fixture = gone();
    const evidence = fixture.evidence.opened('key', 99);
    evidence.assigned(0, 1);
    evidence.assigned(0, 2);
    expect(fixture.judge({ evidence: fixture.evidence.toRecord() }).delivery).toMatchObject({
      unresolved: 1,
    });
  });

  it('has its loss reported once the server says that the session expired', () => {
    const fixture = gone();
    const evidence = fixture.evidence.opened('key', 99);
    evidence.assigned(0, 2);
    evidence.ended('expired', 900);
    const { delivery } = fixture.judge({ evidence: fixture.evidence.toRecord() });
    expect(delivery).toMatchObject({ unresolved: 0, lost: { reportedBy: { 'session-expired': 1 } } });
  });

  it('has its loss reported by the record of the operator, and silent where that claims a delivery', () => {
    const fixture = gone();
    fixture.publish(130);
    const evidence = fixture.evidence.opened('key', 99);
    for (const seq of [1, 2, 3]) evidence.assigned(0, seq);
    evidence.dropped(0, 2, 'overflow');
    evidence.acked(0, 3);
    const judged = fixture.judge({ evidence: fixture.evidence.toRecord() });
    expect(judged.delivery.lost).toMatchObject({ silent: 1, reportedBy: { overflow: 1 } });
    expect(causes(judged, 'silent-loss')[0]?.code).toBe('believed-delivered');
  });

  it('was still there when its connection was only taken down after the drain', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    client.closed(1_000_000, 1006);
    expect(fixture.judge().delivery.lost.silent).toBe(1);
  });
});

describe('a client that returns', () => {
  it('after its window is told by a fresh session, and its loss is reported', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    handle(client, 1);
    client.closed(115, 1006);
    client.helloSent(500);
    client.subscribed(505, 's1', 'session-expired');
    expect(fixture.judge().delivery).toMatchObject({
      owed: 3,
      lost: { silent: 0, reportedBy: { 'session-expired': 2 } },
    });
  });

  it('and is told that its session goes on while messages are skipped was lied to', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(5, 110);
    handle(client, 1);
    client.closed(115, 1006);
    client.resumed(400, 1);
    handle(client, 5);
    const judged = fixture.judge();
    expect(judged.delivery.lost.silent).toBe(3);
    expect(judged.anomalyCounts['false-resume']).toBe(1);
    expect(named(judged, 'false-resume')).toEqual(['c0 p0:2']);
  });

  it('was not lied to by a resume before the loss', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    client.closed(101, 1006);
    client.resumed(105, 0);
    fixture.publishMany(3, 110);
    handle(client, 1);
    handle(client, 3);
    const judged = fixture.judge();
    expect([judged.delivery.lost.silent, judged.anomalyCounts['false-resume']]).toEqual([1, 0]);
  });

  it('having received nothing before still gets everything that was published meanwhile', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    client.closed(105, 1006);
    fixture.publishMany(2, 110);
    client.resumed(400, 0);
    const silent = fixture.judge();
    expect(silent.delivery).toMatchObject({ owed: 2, lost: { silent: 2 } });
    expect(causes(silent, 'silent-loss')[0]).toMatchObject({ place: 'alone' });
    handleRange(client, 1, 2);
    expect(fixture.judge().delivery).toMatchObject({ owed: 2, delivered: 2, lost: { silent: 0 } });
  });

  it('after a restart with an empty store is told, and its hole is reported', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    client.closed(150, 1006);
    client.helloSent(500);
    client.subscribed(505, 's1', 'restart');
    expect(fixture.judge().delivery.lost).toMatchObject({ silent: 0, reportedBy: { restart: 3 } });
  });

  it('with a wish for a new session gives up the old one', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    client.helloSent(500);
    client.subscribed(505, 's1', 'replaced');
    expect(fixture.judge().delivery.lost).toMatchObject({ silent: 0, reportedBy: { replaced: 3 } });
  });

  it('hears of an expiry that does not cover what the server had skipped or believed delivered', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publishMany(4, 110);
    fixture.publish(450);
    for (const seq of [1, 2, 4]) evidence.assigned(0, seq);
    handle(client, 1);
    evidence.acked(0, 1);
    evidence.acked(0, 2);
    evidence.ended('expired', 400);
    client.helloSent(500);
    client.subscribed(505, 's1', 'session-expired');
    const judged = fixture.judge({ evidence: fixture.evidence.toRecord() });
    expect(named(judged, 'silent-loss')).toEqual(['c0 p0:2', 'c0 p0:3']);
    expect(named(judged, 'reported-loss')).toEqual(['c0 p0:4', 'c0 p0:5']);
  });
});

describe('who was told', () => {
  it('must be the subscriber, for a live client at a level with acks', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publishMany(2, 110);
    evidence.assigned(0, 1);
    evidence.assigned(0, 2);
    evidence.dropped(0, 1, 'max-resend');
    handle(client, 2);
    const record = fixture.evidence.toRecord();
    const judged = fixture.judge({ evidence: record });
    expect(judged.delivery.lost).toMatchObject({ silent: 1, reported: 0 });
    expect(causes(judged, 'silent-loss')[0]?.code).toBe('only-operator-told');
    const without = fixture.judge({ evidence: record, level: 'at-most-once' });
    expect(without.delivery.lost).toMatchObject({ silent: 0, reportedBy: { 'max-resend': 1 } });
  });
});

describe('a new connection without acks', () => {
  function returned(told?: LossReason): Judgement {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publishMany(3, 110);
    handle(client, 1);
    client.helloSent(500);
    client.subscribed(505, 's1', told);
    return fixture.judge({ level: 'at-most-once' });
  }

  it('whose client is told nothing has lost in silence', () => {
    const judged = returned();
    expect(judged.delivery.lost).toMatchObject({ silent: 2, reported: 0 });
    expect(causes(judged, 'silent-loss')[0]?.code).toBe('connection-broke');
  });

  it('whose client is told that its session is gone has lost and reported', () => {
    const judged = returned('session-expired');
    expect(judged.delivery.lost).toMatchObject({ silent: 0, reported: 2 });
    expect(judged.delivery.lost.reportedBy['session-expired']).toBe(2);
    expect(causes(judged, 'reported-loss')[0]?.code).toBe('fresh-session-told');
  });
});

describe('ack safety', () => {
  it('is counted and shown', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    const arrival = receive(client, 1, { position: 1 });
    client.acked(1, true, 120);
    if (arrival !== undefined) client.handled(1, arrival, 130);
    const judged = fixture.judge();
    expect(judged.delivery).toMatchObject({ ackBeforeHandle: 1, delivered: 1 });
    expect(named(judged, 'ack-before-handle')).toEqual(['c0 ']);
  });

  it('of the server is broken by what comes again below the point of a resume', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    fixture.publish(110);
    handle(client, 1, { position: 1 });
    client.closed(120, 1006);
    client.resumed(130, 1);
    receive(client, 1, { position: 1, redelivered: true });
    const judged = fixture.judge();
    expect(judged.delivery.duplicates).toEqual({ handled: 0, handledAfterAck: 0, received: 1 });
    expect(judged.anomalyCounts).toMatchObject({ 'unsound-ack': 1, 'duplicate-after-ack': 0 });
  });
});

describe('belief against truth', () => {
  it('puts what the server believes beside what was handled', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publishMany(6, 110);
    for (let seq = 1; seq <= 6; seq += 1) evidence.assigned(0, seq);
    for (const seq of [1, 2]) evidence.acked(0, seq);
    for (const seq of [3, 4]) evidence.dropped(0, seq, 'overflow');
    for (const seq of [1, 3, 5]) handle(client, seq);
    const expected = {
      deliveredHandled: 1,
      deliveredNotHandled: 1,
      droppedHandled: 1,
      droppedNotHandled: 1,
      pendingHandled: 1,
      pendingNotHandled: 1,
    };
    expect(fixture.judge({ evidence: fixture.evidence.toRecord() }).belief).toEqual(expected);
    evidence.ended('expired', 500);
    expect(fixture.judge({ evidence: fixture.evidence.toRecord() }).belief).toEqual({
      ...expected,
      droppedHandled: 2,
      droppedNotHandled: 2,
      pendingHandled: 0,
      pendingNotHandled: 0,
    });
    expect(fixture.judge().belief).toBeUndefined();
  });

  it('without acks takes what was sent for delivered', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100, 'key');
    const evidence = fixture.evidence.opened('key', 99);
    fixture.publish(110);
    evidence.sent(0, 1, 1);
    const { belief } = fixture.judge({ evidence: fixture.evidence.toRecord(), level: 'at-most-once' });
    expect(belief).toMatchObject({ deliveredHandled: 0, deliveredNotHandled: 1 });
  });
});

describe('judgement', () => {
  it('splits the counts by profile, with the messages of the streams that a profile joined', () => {
    const fixture = new RunFixture();
    const healthy = fixture.client([true, false], 'healthy');
    const slow = fixture.client([true, true], 'slow');
    for (const client of [healthy, slow]) {
      client.helloSent(98);
      client.subscribed(100, `s${client.client}`);
    }
    fixture.publish(110, 111, 'accepted', 0);
    fixture.publish(110, 111, 'accepted', 1);
    handle(healthy, 1);
    handle(slow, 1);
    const { delivery, profiles } = fixture.judge();
    expect(delivery).toMatchObject({ published: 2, owed: 3, delivered: 2, lost: { silent: 1 } });
    expect(profiles).toMatchObject({
      healthy: { published: 1, owed: 1, delivered: 1 },
      slow: { published: 2, owed: 2, delivered: 1, lost: { silent: 1 } },
    });
  });

  it('says when a profile was owed nothing', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100);
    expect(inconclusiveReasons(fixture.judge())).toEqual([
      { code: 'nothing-owed', profile: 'healthy', direction: 'down' },
    ]);
  });

  it('keeps 32 examples of a kind and counts all', () => {
    const fixture = new RunFixture();
    fixture.subscribed(100);
    fixture.publishMany(100, 110);
    const judged = fixture.judge();
    expect(judged.anomalies).toHaveLength(32);
    expect(judged.anomalyCounts['silent-loss']).toBe(100);
  });

  it('tells with each example what led to it, from the origin of the run', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(1_000_100, 'key');
    fixture.evidence.opened('key', 1_000_099).assigned(0, 1);
    fixture.publish(1_002_000, 1_003_000);
    client.note(1_001_500, { code: 'fault-begins', fault: 'half-open' });
    client.closed(1_004_000, 1006);
    client.resumed(1_005_000, 0);
    const judged = fixture.judge({
      originUs: 1_000_000,
      endUs: 1_009_000,
      evidence: fixture.evidence.toRecord(),
    });
    expect(judged.anomalies[0]?.timeline).toEqual([
      { atMs: 0.098, code: 'hello-sent' },
      { atMs: 0.1, code: 'fresh-session', told: '' },
      { atMs: 1.5, code: 'fault-begins', fault: 'half-open' },
      { atMs: 2, code: 'publish-begins' },
      { atMs: 3, code: 'publish-ends', status: 'accepted' },
      { atMs: 4, code: 'connection-closed', closeCode: 1006 },
      { atMs: 5, code: 'resumed', position: 0 },
      {
        atMs: 9,
        code: 'server-record',
        assigned: true,
        sent: false,
        acked: false,
        dropped: '',
        resentAfterAck: false,
      },
    ]);
  });

  it('names the sessions of a client after the first by their number', () => {
    const fixture = new RunFixture();
    const client = fixture.subscribed(100);
    client.helloSent(200);
    client.subscribed(202, 's1', 'session-expired');
    fixture.publish(210);
    expect(named(fixture.judge(), 'silent-loss')).toEqual(['c0#2 p0:1']);
  });
});
