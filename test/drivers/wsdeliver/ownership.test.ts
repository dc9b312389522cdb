import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../../src/protocol/frame.ts';
import { LinkState } from '../../../src/protocol/ports.ts';
import { ClientFixture } from './client-fixture.ts';

describe('subscriber: what it says before a welcome', () => {
  it('is nothing: an ack of the old session could free a message of the new one', () => {
    const fixture = new ClientFixture({ level: 'at-least-once', profile: { handlerMs: 100 } });
    fixture.join().deliver(1);
    fixture.socket.closed();
    fixture.time.runFor(50);
    fixture.socket.open();
    fixture.time.runFor(100);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1], ['hello 0']]);
    fixture.welcome({ session: 's2', reason: 'restart' });
    fixture.time.runFor(1000);
    expect(fixture.socket.said()).toEqual([]);
  });

  it('is no cumulative ack either, and what was handled meanwhile is acked when it comes again', () => {
    const fixture = new ClientFixture({
      profile: { handlerMs: 100, ack: { mode: 'cumulative', every: 1, delayMs: 10 } },
    });
    fixture.join().deliver(1);
    fixture.socket.closed();
    fixture.time.runFor(50);
    fixture.socket.open();
    fixture.time.runFor(100);
    fixture.socket.said();
    fixture.welcome({ resumed: true });
    fixture.socket.deliver(1);
    fixture.time.runFor(10);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1], ['ack -1']]);
  });

  it('is no delayed ack of the connection before', () => {
    const fixture = new ClientFixture({ level: 'at-least-once' });
    fixture.client.ackFilter = () => ({ kind: 'delay', delayMs: 500 });
    fixture.join().deliver(1);
    fixture.socket.closed();
    fixture.join({ session: 's2', reason: 'expired' });
    fixture.socket.said();
    fixture.time.runFor(1000);
    expect(fixture.socket.said()).toEqual([]);
  });

  it('on a muted client is nothing at all, hello included', () => {
    const fixture = new ClientFixture();
    fixture.client.connector.setMuted(true);
    fixture.join().deliver(1);
    expect(fixture.socket.said()).toEqual([]);
    fixture.client.connector.setMuted(false);
    fixture.socket.deliver(1);
    expect(fixture.socket.said()).toEqual(['ack 1']);
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
    const fixture = new ClientFixture();
    fixture.client.ackFilter = () => fate;
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(1);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1], fates[name]]);
    fixture.time.runFor(50);
    expect(fixture.socket.said()).toEqual(name === 'delay' ? ['ack 1'] : []);
  });
});

describe('subscriber: crash before the ack', () => {
  it('handles again at least once, and declares what it had acked', () => {
    const fixture = new ClientFixture({ level: 'at-least-once' });
    fixture.join().deliver(1);
    fixture.client.crashBeforeNextAck();
    fixture.socket.said();
    fixture.socket.deliver(2);
    expect([fixture.done, fixture.socket.dropped, fixture.socket.said()]).toEqual([[1, 2], true, []]);
    fixture.rejoin();
    expect(fixture.socket.said()).toEqual(['hello 1']);
    fixture.socket.deliver(2);
    expect(fixture.done).toEqual([1, 2, 2]);
  });

  it('does not handle again effectively once: the window is kept with the result', () => {
    const fixture = new ClientFixture();
    fixture.join().deliver(1);
    fixture.client.crashBeforeNextAck();
    fixture.socket.deliver(2);
    fixture.rejoin();
    expect(fixture.socket.said()).toEqual(['hello 1']);
    fixture.socket.deliver(2, 3);
    expect([fixture.done, fixture.socket.said()]).toEqual([
      [1, 2, 3],
      ['ack 2', 'ack 3'],
    ]);
  });

  it('forgets nothing that was acked above a hole, since that never comes again', () => {
    const fixture = new ClientFixture({ level: 'at-least-once' });
    fixture.join().deliver(1, 3, 4);
    fixture.client.crashBeforeNextAck();
    fixture.socket.deliver(2);
    fixture.rejoin();
    expect(fixture.socket.said()).toEqual(['hello 1']);
    fixture.socket.deliver(2);
    fixture.rejoin();
    expect(fixture.socket.said()).toEqual(['hello 4']);
  });

  it('goes back behind no ack and no resume in cumulative mode', () => {
    const fixture = new ClientFixture({
      level: 'at-least-once',
      profile: { ack: { mode: 'cumulative', every: 100, delayMs: 1000 } },
    });
    fixture.join().deliver(1, 2);
    fixture.rejoin();
    expect(fixture.socket.said()).toEqual(['hello 2']);
    fixture.client.crashBeforeNextAck();
    fixture.socket.deliver(3);
    fixture.rejoin();
    // The server has trimmed 1 and 2: going back to 0 would leave a hole that nothing fills.
    expect(fixture.socket.said()).toEqual(['hello 2']);
  });

  it('happens once', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.client.crashBeforeNextAck();
    fixture.socket.deliver(1);
    fixture.rejoin().said();
    fixture.socket.deliver(2);
    expect([fixture.socket.dropped, fixture.socket.said()]).toEqual([false, ['ack 2']]);
  });
});

describe('subscriber: second socket', () => {
  it('takes over with its welcome; until then the first is listened to and spoken on', () => {
    const fixture = new ClientFixture();
    const first = fixture.join();
    first.said();
    expect(fixture.client.openSecondSocket()).toBe(true);
    fixture.socket.open();
    expect(fixture.socket.said()).toEqual(['hello 0']);
    first.deliver(1);
    expect([fixture.done, first.said(), fixture.socket.said()]).toEqual([[1], ['ack 1'], []]);
    fixture.welcome({ resumed: true, generation: 2 });
    first.deliver(2, 3);
    expect([fixture.done, first.said(), fixture.socket.said()]).toEqual([[1], [], []]);
    fixture.socket.deliver(2);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1, 2], ['ack 2']]);
  });

  it('makes the close of the first one no loss of connection', () => {
    const fixture = new ClientFixture();
    const first = fixture.join();
    fixture.client.openSecondSocket();
    fixture.socket.open();
    fixture.welcome({ resumed: true, generation: 2 });
    first.closed(CloseCode.takenOver);
    expect(fixture.told.at(-1)).toBe('older closed 4409');
    expect([fixture.client.connector.ready, fixture.sockets.length]).toEqual([true, 2]);
  });

  it('takes the first one with it when it fails: the session may be lost to it', () => {
    const fixture = new ClientFixture();
    const first = fixture.join();
    fixture.client.openSecondSocket();
    fixture.socket.closed();
    expect(first.dropped).toBe(true);
    first.closed();
    fixture.join({ resumed: true });
    expect(fixture.sockets.length).toBe(3);
  });

  it('is not opened without a session, nor before the first one works, nor a third one', () => {
    const fixture = new ClientFixture();
    expect(fixture.client.openSecondSocket()).toBe(false);
    fixture.client.connector.connect();
    expect(fixture.client.openSecondSocket()).toBe(false);
    fixture.socket.open();
    fixture.welcome();
    expect(fixture.client.openSecondSocket()).toBe(true);
    expect(fixture.client.openSecondSocket()).toBe(false);
    expect(fixture.sockets.length).toBe(2);
  });

  it('closes the first one itself when it gets another session', () => {
    const fixture = new ClientFixture();
    const first = fixture.join();
    fixture.client.openSecondSocket();
    fixture.client.forgetSession();
    fixture.socket.open();
    fixture.welcome({ session: 's2' });
    expect(first.closedWith).toBe(CloseCode.goodbye);
  });

  it('says goodbye on both', () => {
    const fixture = new ClientFixture();
    const first = fixture.join();
    fixture.client.openSecondSocket();
    fixture.client.stop();
    expect([first.closedWith, fixture.socket.closedWith]).toEqual([CloseCode.goodbye, CloseCode.goodbye]);
    expect(first.state).toBe(LinkState.closing);
  });
});

describe('subscriber: unread nonsense', () => {
  it('changes nothing', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.socket.said();
    for (const text of ['', '{', '[]', '{"kind":"gap","from":9}', '{"kind":"fence"}', '7']) {
      fixture.socket.events.onText(text);
    }
    fixture.socket.deliver(1);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1], ['ack 1']]);
  });
});
