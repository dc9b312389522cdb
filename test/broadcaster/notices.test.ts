import { describe, expect, it } from 'vitest';
import { DeliveryFixture, type Peer } from './delivery-fixture.ts';

function frames(peer: Peer): Record<string, unknown>[] {
  return peer.link.texts.splice(0).map((text) => JSON.parse(text) as Record<string, unknown>);
}

describe('presence and other notices', () => {
  it('have no seq, and are not sent again to a client that comes back', () => {
    const fixture = new DeliveryFixture();
    const [watcher, other] = [fixture.peer('watcher', 'r1'), fixture.peer('other')];
    other.say({ action: 'join', room: 'r1' });
    expect(frames(watcher)).toEqual([{ type: 'userJoined', room: 'r1', clientId: 'other' }]);
    watcher.drop();
    watcher.resume();
    expect(frames(watcher).map(({ kind }) => kind)).toEqual(['welcome', 'replayed']);
  });

  it('are not kept for a client that is away', () => {
    const fixture = new DeliveryFixture();
    const [watcher, other] = [fixture.peer('watcher', 'r1'), fixture.peer('other', 'r1')];
    watcher.drop();
    other.say({ action: 'message', room: 'r1', content: 'hi' });
    other.say({ action: 'leave', room: 'r1' });
    watcher.resume();
    expect(frames(watcher).map(({ kind }) => kind)).toEqual(['welcome', 'replayed']);
    expect(fixture.broadcaster.load().pendingTotal).toBe(0);
  });

  it('are dropped where the socket is full, instead of piling up', () => {
    const fixture = new DeliveryFixture({ bufferBytesMax: 1000 });
    const [watcher, other] = [fixture.peer('watcher', 'r1'), fixture.peer('other', 'r1')];
    watcher.link.bufferedBytes = 1001;
    other.say({ action: 'message', room: 'r1', content: 'hi' });
    expect(watcher.take()).toEqual([]);
  });

  it('are the answer to a ping, once', () => {
    const fixture = new DeliveryFixture();
    const peer = fixture.peer('a');
    peer.say({ action: 'ping' });
    expect(frames(peer)).toEqual([{ type: 'pong', timestamp: expect.any(Number) }]);
    peer.drop();
    peer.resume();
    expect(frames(peer).map(({ kind }) => kind)).toEqual(['welcome', 'replayed']);
  });
});
