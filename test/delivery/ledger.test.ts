import { describe, expect, it } from 'vitest';
import { EXAMPLES_MAX } from '../../src/delivery/examples.ts';
import type { LossReason } from '../../src/delivery/loss-reason.ts';
import type { SessionCounts } from '../../src/delivery/record.ts';
import { SeqSet } from '../../src/delivery/seq-set.ts';
import { handle, handleRange, RunFixture, receive } from './run-fixture.ts';

function counts(
  ledger: { toRecord(): { sessions: readonly { counts: SessionCounts }[] } },
  session = 0,
): SessionCounts {
  const found = ledger.toRecord().sessions[session];
  if (found === undefined) throw new Error(`no session ${session}`);
  return found.counts;
}

describe('ClientLedger', () => {
  it('keeps one interval for what was handled in order', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 1, 500);
    expect(client.toRecord().sessions[0]?.streams).toEqual([{ stream: 0, handled: [1, 500] }]);
    expect([client.handledTotal, client.highestHandled(0), client.holes()]).toEqual([500, 500, 0]);
  });

  it('tells first handlings from duplicates and corrupt ones', () => {
    const client = new RunFixture().subscribed(10);
    expect(handle(client, 1)).toBe('first');
    expect(handle(client, 1)).toBe('duplicate');
    expect(handle(client, 2, { body: 'not what was stamped' })).toBe('corrupt');
    expect(handle(client, 2)).toBe('duplicate');
    expect(counts(client)).toMatchObject({ duplicatesHandled: 2, duplicatesReceived: 2 });
    expect(client.toRecord().sessions[0]?.streams[0]).toMatchObject({ corrupt: [2, 2], repeated: [1, 2] });
  });

  it('finds a body that changed although a body with the same stamp was intact before', () => {
    const fixture = new RunFixture();
    const first = fixture.subscribed(10);
    const second = fixture.subscribed(10);
    expect(handle(first, 1)).toBe('first');
    expect(handle(second, 1, { body: 'x'.repeat(32) })).toBe('corrupt');
  });

  it('counts an arrival that is not handled again on the wire only', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 1, { position: 1 });
    receive(client, 1, { position: 1, redelivered: true });
    receive(client, 2, { position: 2 });
    receive(client, 2, { position: 2, redelivered: true });
    expect(counts(client)).toMatchObject({ duplicatesHandled: 0, duplicatesReceived: 2 });
  });

  it('refuses stamps of another run and messages of rooms not joined as phantoms, once for each position', () => {
    const client = new RunFixture().subscribed(10, 's', [true, false]);
    expect(receive(client, 1, { run: 'other', position: 1 })).toBeUndefined();
    expect(receive(client, 1, { run: 'other', position: 1 })).toBeUndefined();
    expect(receive(client, 1, { stream: 1, position: 2 })).toBeUndefined();
    expect(receive(client, 1, { stream: 7 })).toBeUndefined();
    expect(counts(client).phantom).toBe(3);
  });

  it('counts a message under a second position, which was published or enqueued twice', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 1, { position: 1 });
    receive(client, 1, { position: 2 });
    receive(client, 1, { position: 2 });
    expect(counts(client).secondPositions).toBe(1);
  });

  it('counts what is handled too long after its intended instant as late', () => {
    const client = new RunFixture(1000).subscribed(10);
    handle(client, 1, { intendedUs: 100, atUs: 1100 });
    handle(client, 2, { intendedUs: 100, atUs: 1101 });
    expect(counts(client).late).toBe(1);
  });

  it('counts a message once that an old session handles after a new one did', () => {
    const client = new RunFixture().subscribed(10);
    const waiting = receive(client, 1, { position: 1 });
    client.helloSent(50);
    client.subscribed(52, 'next', 'session-expired');
    expect(handle(client, 1, { position: 1 })).toBe('first');
    expect(waiting && client.handled(1, waiting, 60)).toBe('duplicate');
  });

  it('takes messages that come before the session is confirmed into that session', () => {
    const client = new RunFixture().client();
    client.helloSent(8);
    handle(client, 1);
    client.subscribed(10, 's0');
    expect(client.toRecord().sessions).toHaveLength(1);
    expect(client.toRecord().sessions[0]).toMatchObject({ key: 's0', helloSentUs: 8, subscribedUs: 10 });
  });

  it.each<LossReason | undefined>(['session-expired', 'replaced', undefined])(
    'ends the old session with what its client was told, %s',
    (told) => {
      const client = new RunFixture().subscribed(10);
      client.helloSent(50);
      client.subscribed(55, 's1', told);
      expect(client.toRecord().sessions.map(({ end }) => end)).toEqual([
        { kind: 'reset', atUs: 50, told },
        { kind: 'open' },
      ]);
    },
  );

  it('keeps its latest 32 notes, of which handler failures in a row take one', () => {
    const client = new RunFixture().subscribed(10);
    for (let seq = 1; seq <= 100; seq += 1) {
      const arrival = receive(client, seq);
      if (arrival !== undefined) client.failed(0, arrival, 100 + seq);
    }
    expect(client.toRecord().notes).toHaveLength(3);
    for (let n = 0; n < 100; n += 1) client.note(300 + n, { code: 'fault-begins', fault: `${n}` });
    expect(client.toRecord().notes).toHaveLength(32);
    expect(client.toRecord().notes.at(-1)).toEqual([399, { code: 'fault-begins', fault: '99' }]);
  });

  it('keeps a limited number of examples for all clients together', () => {
    const fixture = new RunFixture();
    for (let n = 0; n < 10; n += 1) {
      const client = fixture.subscribed(10);
      for (let k = 0; k < 10; k += 1) handle(client, 1);
    }
    expect(fixture.context.examples.list().filter(({ kind }) => kind === 'duplicate')).toHaveLength(
      EXAMPLES_MAX,
    );
  });
});

describe('order', () => {
  it('is broken by an older message first handled after a newer one of its connection', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 2);
    handle(client, 1);
    expect(client.toRecord().sessions[0]?.streams[0]?.inversions).toEqual([1, 2, 0]);
  });

  it('is rewound by an older message on a later connection', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 2);
    client.closed(20, 1006);
    client.resumed(30, 0);
    handle(client, 1, { redelivered: true });
    expect(client.toRecord().sessions[0]?.streams[0]?.inversions).toEqual([1, 2, 1]);
  });

  it('is kept by a redelivery that fills a hole', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 2);
    handle(client, 1, { redelivered: true });
    expect(client.toRecord().sessions[0]?.streams[0]?.inversions).toEqual([1, 2, 2]);
  });

  it('is not touched by duplicates, which are no first handlings', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 1, 3);
    handle(client, 1);
    expect(client.toRecord().sessions[0]?.streams[0]?.inversions).toBeUndefined();
  });

  it('begins anew with a fresh session', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 5);
    client.helloSent(50);
    client.subscribed(52, 's1', 'restart');
    handle(client, 3);
    expect(client.toRecord().sessions[1]?.streams[0]?.inversions).toBeUndefined();
  });

  it('counts inversions beyond a limit without keeping them', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 5000);
    for (let seq = 1500; seq >= 1; seq -= 1) handle(client, seq);
    const stream = client.toRecord().sessions[0]?.streams[0];
    expect(stream?.inversions).toHaveLength(3000);
    expect(stream?.inversionsBeyond).toEqual([500, 0, 0]);
  });
});

describe('ack safety', () => {
  it('is broken by a cumulative ack over a message that waits for its handler', () => {
    const client = new RunFixture().subscribed(10);
    handle(client, 1, { position: 1 });
    receive(client, 2, { position: 2 });
    handle(client, 3, { position: 3 });
    client.acked(1, true, 20);
    expect(counts(client).ackBeforeHandle).toBe(0);
    client.acked(3, true, 21);
    expect(counts(client).ackBeforeHandle).toBe(1);
  });

  it('is broken by a single ack only for the message itself', () => {
    const client = new RunFixture().subscribed(10);
    const waiting = receive(client, 1, { position: 1 });
    handle(client, 2, { position: 2 });
    client.acked(2, false, 20);
    expect(counts(client).ackBeforeHandle).toBe(0);
    client.acked(1, false, 21);
    expect(counts(client).ackBeforeHandle).toBe(1);
    if (waiting !== undefined) client.handled(1, waiting, 22);
    client.acked(1, false, 23);
    expect(counts(client).ackBeforeHandle).toBe(1);
  });

  it('is kept when a failed message was given up by a gap before the ack', () => {
    const client = new RunFixture().subscribed(10);
    const arrival = receive(client, 1, { position: 1 });
    if (arrival !== undefined) client.failed(1, arrival, 15);
    client.gap(1, 1, 'nack', 16);
    client.acked(1, true, 17);
    expect(counts(client).ackBeforeHandle).toBe(0);
  });

  it('is broken while the handler has not come back, even for the latest arrival', () => {
    const client = new RunFixture().subscribed(10);
    receive(client, 1, { position: 1 });
    client.acked(1, false, 20);
    expect(counts(client).ackBeforeHandle).toBe(1);
  });
});

describe('after a resume', () => {
  it('what the client had declared handled and comes again was sent after its ack', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 1, 3);
    client.closed(20, 1006);
    client.resumed(30, 2);
    expect(handle(client, 2, { position: 2 })).toBe('duplicate');
    expect(handle(client, 3, { position: 3 })).toBe('duplicate');
    expect(counts(client)).toMatchObject({ duplicatesHandled: 2, duplicatesAfterAck: 1, resentAfterAck: 1 });
  });
});

describe('drain', () => {
  const target = (seq: number, excluded: number[] = []) => ({
    seq,
    beginUs: 100,
    excluded: SeqSet.of(excluded),
  });

  it('is over for a client that has handled everything up to the target', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 3, 9);
    expect(client.outstanding([target(9)])).toBe(0);
    expect(client.outstanding([target(12)])).toBe(3);
  });

  it('waits for a client that has handled nothing, but not for one subscribed after the last publish', () => {
    const fixture = new RunFixture();
    expect(fixture.client().outstanding([target(9)])).toBe(1);
    expect(fixture.subscribed(50).outstanding([target(9)])).toBe(1);
    expect(fixture.subscribed(150).outstanding([target(9)])).toBe(0);
  });

  it('does not wait for what nobody owes', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 1, 4);
    handleRange(client, 7, 9);
    expect([client.holes(), client.holes([SeqSet.of([5, 5])]), client.holes([SeqSet.of([4, 6])])]).toEqual([
      2, 1, 0,
    ]);
    expect(client.outstanding([target(9, [5, 6])])).toBe(0);
    handle(client, 5);
    expect(client.outstanding([target(9, [5, 5])])).toBe(1);
  });

  it('does not wait for what a gap gave up, at the end as in the middle', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 1, 4);
    client.gap(5, 6, 'overflow', 40);
    expect([client.holes(), client.outstanding([target(6)]), client.outstanding([target(7)])]).toEqual([
      0, 0, 1,
    ]);
    handleRange(client, 8, 9);
    expect([client.holes(), client.outstanding([target(9)])]).toEqual([1, 1]);
  });

  it('counts a gap once when it is told again', () => {
    const client = new RunFixture().subscribed(10);
    handleRange(client, 1, 2);
    client.gap(3, 4, 'ttl', 40);
    client.gap(3, 4, 'ttl', 50);
    handleRange(client, 7, 8);
    expect(client.holes()).toBe(2);
  });
});
