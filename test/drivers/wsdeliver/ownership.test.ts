import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../../src/protocol/frame.ts';
import { LinkState } from '../../../src/protocol/ports.ts';
import { ClientBench } from './client-bench.ts';

describe('subscriber: what it says before a welcome', () => {
  it('is nothing: an ack of the old session could free a message of the new one', () => {
    const bench = new ClientBench({ level: 'at-least-once', profile: { handlerMs: 100 } });
    bench.join().deliver(1);
    bench.socket.closed();
    bench.time.runFor(50);
    bench.socket.open();
    bench.time.runFor(100);
    expect([bench.done, bench.socket.said()]).toEqual([[1], ['hello 0']]);
    bench.welcome({ session: 's2', reason: 'restart' });
    bench.time.runFor(1000);
    expect(bench.socket.said()).toEqual([]);
  });

  it('is no cumulative ack either, and what was handled meanwhile is acked when it comes again', () => {
    const bench = new ClientBench({
      profile: { handlerMs: 100, ack: { mode: 'cumulative', every: 1, delayMs: 10 } },
    });
    bench.join().deliver(1);
    bench.socket.closed();
    bench.time.runFor(50);
    bench.socket.open();
    bench.time.runFor(100);
    bench.socket.said();
    bench.welcome({ resumed: true });
    bench.socket.deliver(1);
    bench.time.runFor(10);
    expect([bench.done, bench.socket.said()]).toEqual([[1], ['ack -1']]);
  });

  it('is no delayed ack of the connection before', () => {
    const bench = new ClientBench({ level: 'at-least-once' });
    bench.subscriber.ackFilter = () => ({ kind: 'delay', delayMs: 500 });
    bench.join().deliver(1);
    bench.socket.closed();
    bench.join({ session: 's2', reason: 'expired' });
    bench.socket.said();
    bench.time.runFor(1000);
    expect(bench.socket.said()).toEqual([]);
  });

  it('on a muted client is nothing at all, hello included', () => {
    const bench = new ClientBench();
    bench.subscriber.setMuted(true);
    bench.join().deliver(1);
    expect(bench.socket.said()).toEqual([]);
    bench.subscriber.setMuted(false);
    bench.socket.deliver(1);
    expect(bench.socket.said()).toEqual(['ack 1']);
  });
});

describe('subscriber: ack faults', () => {
  const fates = {
    lose: [],
    delay: [],
    duplicate: ['ack 1', 'ack 1', 'ack 1'],
    nack: ['nack 1'],
  };

  it.each([
    ['lose', { kind: 'lose' as const }],
    ['delay', { kind: 'delay' as const, delayMs: 50 }],
    ['duplicate', { kind: 'duplicate' as const, copies: 3 }],
    ['nack', { kind: 'nack' as const }],
  ] as const)('%s the ack of what was handled', (name, fate) => {
    const bench = new ClientBench();
    bench.subscriber.ackFilter = () => fate;
    bench.join();
    bench.socket.said();
    bench.socket.deliver(1);
    expect([bench.done, bench.socket.said()]).toEqual([[1], fates[name]]);
    bench.time.runFor(50);
    expect(bench.socket.said()).toEqual(name === 'delay' ? ['ack 1'] : []);
  });
});

describe('subscriber: crash before the ack', () => {
  it('handles again at least once, and declares what it had acked', () => {
    const bench = new ClientBench({ level: 'at-least-once' });
    bench.join().deliver(1);
    bench.subscriber.crashBeforeNextAck();
    bench.socket.said();
    bench.socket.deliver(2);
    expect([bench.done, bench.socket.dropped, bench.socket.said()]).toEqual([[1, 2], true, []]);
    bench.rejoin();
    expect(bench.socket.said()).toEqual(['hello 1']);
    bench.socket.deliver(2);
    expect(bench.done).toEqual([1, 2, 2]);
  });

  it('does not handle again effectively once: the window is kept with the result', () => {
    const bench = new ClientBench();
    bench.join().deliver(1);
    bench.subscriber.crashBeforeNextAck();
    bench.socket.deliver(2);
    bench.rejoin();
    expect(bench.socket.said()).toEqual(['hello 1']);
    bench.socket.deliver(2, 3);
    expect([bench.done, bench.socket.said()]).toEqual([
      [1, 2, 3],
      ['ack 2', 'ack 3'],
    ]);
  });

  it('forgets nothing that was acked above a hole, since that never comes again', () => {
    const bench = new ClientBench({ level: 'at-least-once' });
    bench.join().deliver(1, 3, 4);
    bench.subscriber.crashBeforeNextAck();
    bench.socket.deliver(2);
    bench.rejoin();
    expect(bench.socket.said()).toEqual(['hello 1']);
    bench.socket.deliver(2);
    bench.rejoin();
    expect(bench.socket.said()).toEqual(['hello 4']);
  });

  it('goes back behind no ack and no resume in cumulative mode', () => {
    const bench = new ClientBench({
      level: 'at-least-once',
      profile: { ack: { mode: 'cumulative', every: 100, delayMs: 1000 } },
    });
    bench.join().deliver(1, 2);
    bench.rejoin();
    expect(bench.socket.said()).toEqual(['hello 2']);
    bench.subscriber.crashBeforeNextAck();
    bench.socket.deliver(3);
    bench.rejoin();
    // The server has trimmed 1 and 2: going back to 0 would leave a hole that nothing fills.
    expect(bench.socket.said()).toEqual(['hello 2']);
  });

  it('happens once', () => {
    const bench = new ClientBench();
    bench.join();
    bench.subscriber.crashBeforeNextAck();
    bench.socket.deliver(1);
    bench.rejoin().said();
    bench.socket.deliver(2);
    expect([bench.socket.dropped, bench.socket.said()]).toEqual([false, ['ack 2']]);
  });
});

describe('subscriber: second socket', () => {
  it('takes over with its welcome; until then the first is listened to and spoken on', () => {
    const bench = new ClientBench();
    const first = bench.join();
    first.said();
    expect(bench.subscriber.openSecondSocket()).toBe(true);
    bench.socket.open();
    expect(bench.socket.said()).toEqual(['hello 0']);
    first.deliver(1);
    expect([bench.done, first.said(), bench.socket.said()]).toEqual([[1], ['ack 1'], []]);
    bench.welcome({ resumed: true, generation: 2 });
    first.deliver(2, 3);
    expect([bench.done, first.said(), bench.socket.said()]).toEqual([[1], [], []]);
    bench.socket.deliver(2);
    expect([bench.done, bench.socket.said()]).toEqual([[1, 2], ['ack 2']]);
  });

  it('makes the close of the first one no loss of connection', () => {
    const bench = new ClientBench();
    const first = bench.join();
    bench.subscriber.openSecondSocket();
    bench.socket.open();
    bench.welcome({ resumed: true, generation: 2 });
    first.closed(CloseCode.takenOver);
    expect(bench.told.at(-1)).toBe('older closed 4409');
    expect([bench.subscriber.ready, bench.sockets.length]).toEqual([true, 2]);
  });

  it('takes the first one with it when it fails: the session may be lost to it', () => {
    const bench = new ClientBench();
    const first = bench.join();
    bench.subscriber.openSecondSocket();
    bench.socket.closed();
    expect(first.dropped).toBe(true);
    first.closed();
    bench.join({ resumed: true });
    expect(bench.sockets.length).toBe(3);
  });

  it('is not opened without a session, nor before the first one works, nor a third one', () => {
    const bench = new ClientBench();
    expect(bench.subscriber.openSecondSocket()).toBe(false);
    bench.subscriber.connect();
    expect(bench.subscriber.openSecondSocket()).toBe(false);
    bench.socket.open();
    bench.welcome();
    expect(bench.subscriber.openSecondSocket()).toBe(true);
    expect(bench.subscriber.openSecondSocket()).toBe(false);
    expect(bench.sockets.length).toBe(2);
  });

  it('closes the first one itself when it gets another session', () => {
    const bench = new ClientBench();
    const first = bench.join();
    bench.subscriber.openSecondSocket();
    bench.subscriber.forgetSession();
    bench.socket.open();
    bench.welcome({ session: 's2' });
    expect(first.closedWith).toBe(CloseCode.goodbye);
  });

  it('says goodbye on both', () => {
    const bench = new ClientBench();
    const first = bench.join();
    bench.subscriber.openSecondSocket();
    bench.subscriber.stop();
    expect([first.closedWith, bench.socket.closedWith]).toEqual([CloseCode.goodbye, CloseCode.goodbye]);
    expect(first.state).toBe(LinkState.closing);
  });
});

describe('subscriber: unread nonsense', () => {
  it('changes nothing', () => {
    const bench = new ClientBench();
    bench.join();
    bench.socket.said();
    for (const text of ['', '{', '[]', '{"kind":"gap","from":9}', '{"kind":"fence"}', '7']) {
      bench.socket.events.onText(text);
    }
    bench.socket.deliver(1);
    expect([bench.done, bench.socket.said()]).toEqual([[1], ['ack 1']]);
  });
});
