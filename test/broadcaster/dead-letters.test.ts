import { describe, expect, it } from 'vitest';
import { type DeadLetter, DeadLetters } from '../../src/broadcaster/dead-letters.ts';
import { OTHER_TYPES, TypeCounters } from '../../src/broadcaster/type-counters.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { DeliveryFixture } from './delivery-fixture.ts';

function letter(seq: number, payloadText = '{}'): Omit<DeadLetter, 'number'> {
  const message = new OutgoingMessage({ room: 'r1', type: 'job', payloadText });
  return { atUs: seq, clientId: 'a', session: 's', seq, reason: 'nack', attempts: 1, message };
}

function keeping(keptMax: number, onAdded?: (letter: DeadLetter) => void): DeadLetters {
  return new DeadLetters({ keptMax, bytesMax: 64 * 1024 * 1024 }, onAdded);
}

describe('dead letters', () => {
  it('keep the newest, in order, and count all', () => {
    const letters = keeping(3);
    for (let seq = 1; seq <= 10; seq += 1) letters.add(letter(seq));
    expect([letters.count, letters.kept, letters.byReason]).toEqual([10, 3, { 'max-resend': 0, nack: 10 }]);
    expect(letters.after(0).map(({ number, seq }) => [number, seq])).toEqual([
      [8, 8],
      [9, 9],
      [10, 10],
    ]);
  });

  it('can be read from where the reader left off', () => {
    const letters = keeping(100);
    for (let seq = 1; seq <= 5; seq += 1) letters.add(letter(seq));
    expect(letters.after(3).map(({ number }) => number)).toEqual([4, 5]);
    expect(letters.after(5)).toEqual([]);
    expect(keeping(5).after(0)).toEqual([]);
  });

  it('keep less when they are large', () => {
    const letters = keeping(1000);
    const large = JSON.stringify('x'.repeat(1_000_000));
    for (let seq = 1; seq <= 100; seq += 1) letters.add(letter(seq, large));
    expect(letters.kept).toBeLessThan(70);
    expect(letters.kept).toBeGreaterThan(50);
    expect(letters.after(0).at(-1)?.seq).toBe(100);
  });

  it('count the bytes of a broadcast once, for however many clients it died', () => {
    const letters = keeping(10);
    const { message } = letter(1, JSON.stringify('x'.repeat(1000)));
    for (let seq = 1; seq <= 10; seq += 1) letters.add({ ...letter(seq), message });
    expect(letters.bytes).toBe(message.sizeBytes);
    for (let seq = 11; seq <= 20; seq += 1) letters.add(letter(seq));
    expect(letters.bytes).toBe(10 * letter(1).message.sizeBytes);
  });

  it('tell of each as it comes', () => {
    const seen: number[] = [];
    const letters = keeping(1, ({ number }) => seen.push(number));
    for (let seq = 1; seq <= 3; seq += 1) letters.add(letter(seq));
    expect(seen).toEqual([1, 2, 3]);
  });

  it('come of a message that its client refuses for good, after one attempt', () => {
    const fixture = new DeliveryFixture();
    const peer = fixture.peer('a', 'r1');
    fixture.submit('job', 'r1');
    peer.say({ kind: 'nack', seq: 1, retry: false });
    const [first] = fixture.broadcaster.deadLetters.after(0);
    expect(first).toMatchObject({ clientId: 'a', seq: 1, reason: 'nack', attempts: 1, number: 1 });
    expect([first?.message.room, first?.message.type, first?.message.payloadText]).toEqual([
      'r1',
      'job',
      '{}',
    ]);
  });

  it('come of a message that nobody answers, with every attempt counted', () => {
    const fixture = new DeliveryFixture({ ackTimeoutMs: 100, maxResend: 2 });
    fixture.peer('a', 'r1');
    fixture.submit('job', 'r1');
    fixture.pass(5000);
    expect(fixture.broadcaster.deadLetters.after(0)).toMatchObject([{ reason: 'max-resend', attempts: 3 }]);
  });

  it('do not come of an absent client, whose session is given up as a whole', () => {
    const fixture = new DeliveryFixture({ resumeTtlMs: 100 });
    fixture.peer('a', 'r1').drop();
    fixture.submit('job', 'r1');
    fixture.pass(200);
    expect(fixture.broadcaster.deadLetters.count).toBe(0);
    expect(fixture.broadcaster.types.failed.get('job')).toBe(1);
  });
});

describe('counters by type', () => {
  it('know every type that was published, from its first message on', () => {
    const fixture = new DeliveryFixture({ ackTimeoutMs: 100, maxResend: 1 });
    const peer = fixture.peer('a');
    fixture.submit('tick');
    expect([...fixture.broadcaster.types.resent, ...fixture.broadcaster.types.failed]).toEqual([
      ['tick', 0],
      ['tick', 0],
    ]);
    fixture.pass(2000);
    expect([
      fixture.broadcaster.types.resent.get('tick'),
      fixture.broadcaster.types.failed.get('tick'),
    ]).toEqual([1, 1]);
    fixture.submit('tock');
    peer.say({ kind: 'nack', seq: 2, retry: false });
    expect(fixture.broadcaster.types.failed.get('tock')).toBe(1);
  });

  it('do not count what a client leaves behind that says goodbye', () => {
    const fixture = new DeliveryFixture();
    fixture.peer('a');
    fixture.submit('tick');
    fixture.broadcaster.stop('goodbye');
    expect(fixture.broadcaster.types.failed.get('tick')).toBe(0);
  });

  it('are a bounded number, whatever types clients think of', () => {
    const types = new TypeCounters();
    for (let type = 0; type < 1000; type += 1) {
      types.see(`t${type}`);
      types.countFailed(`t${type}`);
    }
    expect(types.failed.size).toBeLessThanOrEqual(201);
    expect(types.failed.get('t0')).toBe(1);
    expect(types.failed.get(OTHER_TYPES)).toBe(800);
  });
});
