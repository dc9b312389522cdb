import { describe, expect, it } from 'vitest';
import { SharedText } from '../../src/protocol/ports.ts';
import { FlakyLink, SendFailures } from '../../src/server/flaky-link.ts';
import { randomStreams } from '../../src/world/random.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';

function fixture(): {
  readonly time: VirtualTime;
  readonly failures: SendFailures;
  readonly inner: FakeLink;
  /** Sends so many. @returns the codes of those that failed */
  send(count: number): unknown[];
} {
  const time = new VirtualTime();
  const failures = new SendFailures({ clock: time, random: randomStreams(1)('send-errors') });
  const inner = new FakeLink();
  const link = new FlakyLink(inner, failures);
  const send = (count: number): unknown[] =>
    Array.from({ length: count }).flatMap(() => {
      try {
        link.sendShared('{', new SharedText('}'));
        return [];
      } catch (error) {
        return [(error as { code?: unknown }).code];
      }
    });
  return { time, failures, inner, send };
}

describe('flaky link', () => {
  it('lets everything through while nothing is to fail', () => {
    const { inner, send } = fixture();
    expect(send(100)).toEqual([]);
    expect(inner.texts).toHaveLength(100);
  });

  it('fails a share of the sends, with an error that passes, until the time is over', () => {
    const { time, failures, inner, send } = fixture();
    failures.begin({ forMs: 1000, share: 0.2, permanentShare: 0 });
    const codes = send(1000);
    expect(codes.length).toBeGreaterThan(150);
    expect(codes.length).toBeLessThan(250);
    expect(new Set(codes)).toEqual(new Set(['ENOBUFS']));
    expect(inner.texts).toHaveLength(1000 - codes.length);
    time.runFor(1000);
    expect(send(1000)).toEqual([]);
  });

  it('fails a share of those for good', () => {
    const { failures, send } = fixture();
    failures.begin({ forMs: 1000, share: 1, permanentShare: 0.5 });
    const codes = send(1000);
    expect(codes).toHaveLength(1000);
    const permanent = codes.filter((code) => code === 'EPIPE').length;
    expect(permanent).toBeGreaterThan(400);
    expect(permanent).toBeLessThan(600);
  });

  it('is its link in everything else', () => {
    const { inner, failures } = fixture();
    failures.begin({ forMs: 1000, share: 1, permanentShare: 0 });
    const link = new FlakyLink(inner, failures);
    inner.bufferedBytes = 7;
    link.batch = true;
    link.send('notice');
    link.ping();
    expect([link.state, link.bufferedBytes, link.batch, inner.batch, inner.texts, inner.pings]).toEqual([
      1,
      7,
      true,
      true,
      ['notice'],
      1,
    ]);
    link.close(4429, 'slow');
    link.terminate();
    expect([inner.closedWith, inner.terminated]).toEqual([4429, true]);
  });
});
