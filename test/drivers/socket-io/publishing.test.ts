import { describe, expect, it } from 'vitest';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import { Peer } from './peer.ts';

const send = ['say', { to: '{{ room }}', n: '{{ message.seq }}', id: '{{ message.id }}' }, '{{ payload }}'];

function frame(seq: number, id: number | '' = ''): string {
  const target = `{"to":"r1","n":${seq},"id":"run.1.${seq}"}`;
  return `42${id}["say",${target},{"stamp":"run.1.${seq}","body":"b"}]`;
}

function peerWith(options: Partial<SocketIoOptions>): Peer {
  const peer = new Peer(options);
  peer.welcome();
  peer.heard.length = 0;
  return peer;
}

describe('publishing with the socket.io driver', () => {
  it('is unconfirmed when no ack is asked for', () => {
    const peer = peerWith({ publish: { send } });
    expect(peer.publish(1)).toEqual([{ kind: 'unconfirmed' }]);
    expect(peer.heard).toEqual([frame(1)]);
  });

  it('is accepted or rejected as the arguments of the ack say', () => {
    const peer = peerWith({ publish: { send, confirm: [{ ok: true, id: '{{ message.id }}' }] } });
    const [first, second, third] = [peer.publish(1), peer.publish(2), peer.publish(3)];
    expect(peer.heard).toEqual([frame(1, 0), frame(2, 1), frame(3, 2)]);
    peer.say('431[{"ok":true,"id":"run.1.2"}]', '430[{"ok":false}]', '439[{"ok":true}]');
    expect([first, second, third]).toEqual([
      [{ kind: 'rejected', reason: 'it answers [{"ok":false}]' }],
      [{ kind: 'accepted' }],
      [],
    ]);
    expect(peer.client.unanswered).toBe(1);
    peer.cut();
    expect(third).toEqual([{ kind: 'unknown' }]);
    expect(peer.client.unanswered).toBe(0);
  });

  it('gives up on an ack after its timeout', () => {
    const peer = peerWith({ publish: { send, confirm: [] }, ackTimeout: 200 });
    const outcomes = peer.publish(1);
    peer.pass(200);
    expect(outcomes).toEqual([{ kind: 'unknown' }]);
    peer.say('430[]');
    expect(outcomes.length).toBe(1);
  });

  it('waits for a connection, and leaves before the rooms are asked for', () => {
    const peer = new Peer({ publish: { send }, subscribe: { send: ['join', '{{ room }}'] } });
    const outcomes = peer.publish(1);
    expect([peer.client.unanswered, outcomes]).toEqual([1, []]);
    peer.welcome();
    expect(peer.heard).toEqual(['40', frame(1), '42["join","r1"]']);
    expect(outcomes).toEqual([{ kind: 'unconfirmed' }]);
  });

  it('throws a volatile event away while there is no connection', () => {
    const peer = new Peer({ publish: { send, volatile: true } });
    expect(peer.publish(1)).toEqual([
      { kind: 'rejected', reason: 'there is no connection for a volatile event' },
    ]);
    peer.welcome();
    expect(peer.publish(2)).toEqual([{ kind: 'unconfirmed' }]);
    expect(peer.heard).toEqual(['40', frame(2)]);
  });

  it('sends one event at a time with retries, each again after its timeout and under a new number', () => {
    const peer = peerWith({ publish: { send }, retries: 3, ackTimeout: 100 });
    const [first, second] = [peer.publish(1), peer.publish(2)];
    expect(peer.heard).toEqual([frame(1, 0)]);
    peer.pass(350);
    expect(peer.heard).toEqual([frame(1, 0), frame(1, 1), frame(1, 2), frame(1, 3)]);
    expect(first).toEqual([]);
    // An ack of the first try comes too late, as its number is forgotten.
    peer.say('430[]');
    expect(first).toEqual([]);
    peer.pass(100);
    expect(first).toEqual([{ kind: 'unknown' }]);
    expect(peer.heard.slice(4)).toEqual([frame(2, 4)]);
    peer.say('434[]');
    expect(second).toEqual([{ kind: 'accepted' }]);
  });

  it('counts a lost connection as a try', () => {
    const peer = peerWith({ publish: { send }, retries: 1 });
    const outcomes = peer.publish(1);
    peer.cut();
    peer.welcome();
    expect(peer.heard).toEqual(['40', frame(1, 1)]);
    peer.cut();
    expect(outcomes).toEqual([{ kind: 'unknown' }]);
  });

  it('sends the payload as bytes when it is to be binary', () => {
    const peer = peerWith({ publish: { send: ['say', '{{ payload }}'], binary: true } });
    peer.publish(1);
    expect(peer.heard).toEqual([
      '451-["say",{"_placeholder":true,"num":0}]',
      [...new TextEncoder().encode('{"stamp":"run.1.1","body":"b"}')],
    ]);
  });

  it('settles what is left when the client stops', () => {
    const peer = new Peer({ publish: { send }, retries: 2 });
    peer.welcome();
    const [sent, queued] = [peer.publish(1), peer.publish(2)];
    peer.client.stop();
    expect(sent).toEqual([{ kind: 'unknown' }]);
    expect(queued).toEqual([{ kind: 'rejected', reason: 'the client left before it was sent' }]);
    peer.pass(30_000);
    expect(peer.world.plannedCount()).toBe(0);
  });

  it('is rejected when the target does not say how', () => {
    const peer = peerWith({});
    expect(peer.publish(1)).toEqual([
      { kind: 'rejected', reason: 'the target does not say how clients publish' },
    ]);
  });
});
