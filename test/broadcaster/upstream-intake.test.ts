import { describe, expect, it } from 'vitest';
import type { Application } from '../../src/broadcaster/upstream-intake.ts';
import { DeliveryFixture } from './delivery-fixture.ts';

type Settle = (refusal: string | undefined) => void;

/** Keeps what it is handed, and answers when the test says so. */
class SlowApplication implements Application {
  readonly taken: string[] = [];
  readonly relays: string[] = [];
  readonly settles: Settle[] = [];

  receive({ clientId, type, payload }: Parameters<Application['receive']>[0], settled: Settle): void {
    this.taken.push(`${clientId} ${type} ${JSON.stringify(payload)}`);
    this.settles.push(settled);
  }

  relayed({ clientId, type }: Parameters<Application['receive']>[0]): void {
    this.relays.push(`${clientId} ${type}`);
  }
}

describe('a message from a client', () => {
  it('is handed over once and acked when it was handled', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    expect([application.taken, peer.take()]).toEqual([['a note 7'], []]);
    application.settles[0]?.(undefined);
    expect(peer.take()).toEqual(['ack 1']);
    expect(fixture.statistics.upstreamAccepted).toBe(1);
  });

  it('is not handed over again while it is being handled, nor after that', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    const peer = fixture.peer('a');
    for (let copy = 0; copy < 3; copy += 1) peer.say({ seq: 1, type: 'note', payload: 7 });
    expect([application.taken.length, peer.take()]).toEqual([1, []]);
    application.settles[0]?.(undefined);
    peer.say({ seq: 1, type: 'note', payload: 7 });
    expect([application.taken.length, peer.take()]).toEqual([1, ['ack 1', 'ack 1']]);
    expect(fixture.statistics.dedupRejected).toBe(3);
  });

  it('is refused while its client has too many bytes unanswered, which holds up nobody else', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({ requestBytesMax: 1 }, application);
    const [greedy, modest] = [fixture.peer('greedy'), fixture.peer('modest')];
    for (const seq of [1, 2]) greedy.say({ seq, type: 'note', payload: 7 });
    modest.say({ seq: 1, type: 'note', payload: 7 });
    expect(greedy.link.texts).toEqual(['{"kind":"nack","seq":2,"reason":"too much is unanswered already"}']);
    expect(application.taken).toEqual(['greedy note 7', 'modest note 7']);
    application.settles[0]?.(undefined);
    greedy.say({ seq: 3, type: 'note', payload: 7 });
    expect(application.taken.length).toBe(3);
    expect(fixture.statistics.requestsOverflowed).toBe(1);
  });

  it('counts as unanswered until the application has settled it, though its session is gone', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({ requestBytesTotalMax: 1, resumeTtlMs: 100 }, application);
    const early = fixture.peer('a');
    early.say({ seq: 1, type: 'note', payload: 7 });
    early.drop();
    fixture.pass(200);
    const later = fixture.peer('b');
    later.say({ seq: 1, type: 'note', payload: 7 });
    expect(application.taken.length).toBe(1);
    application.settles[0]?.(undefined);
    later.say({ seq: 2, type: 'note', payload: 7 });
    expect(application.taken.length).toBe(2);
  });

  it('gets a refusal of bounded length', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    application.settles[0]?.('no'.repeat(1_000_000));
    expect(peer.link.texts[0]?.length).toBeLessThan(300);
  });

  it('gets the same refusal again when it comes again', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    application.settles[0]?.('no notes today');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    const nack = '{"kind":"nack","seq":1,"reason":"no notes today"}';
    expect(peer.link.texts).toEqual([nack, nack]);
    expect(fixture.statistics.upstreamAccepted).toBe(0);
  });

  it('is answered on the socket that the session has by then', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    const before = peer.link;
    peer.drop();
    peer.resume();
    peer.take();
    application.settles[0]?.(undefined);
    expect([before.take(), peer.take()]).toEqual([[], ['ack 1']]);
  });

  it('may be answered after the session is gone', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({ resumeTtlMs: 10 }, application);
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    peer.drop();
    fixture.pass(20);
    application.settles[0]?.(undefined);
    expect(fixture.statistics.upstreamAccepted).toBe(1);
  });

  it('is numbered anew in a fresh session', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    fixture.peer('a').say({ seq: 1, type: 'note', payload: 1 });
    fixture.peer('a').say({ seq: 1, type: 'note', payload: 2 });
    expect(application.taken).toEqual(['a note 1', 'a note 2']);
  });

  it('is not answered while the socket is full, and is when it comes again', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({}, application);
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    peer.link.bufferedBytes = 2 ** 21;
    application.settles[0]?.(undefined);
    expect(peer.take()).toEqual([]);
    peer.link.bufferedBytes = 0;
    peer.say({ seq: 1, type: 'note', payload: 7 });
    expect(peer.take()).toEqual(['ack 1']);
    expect(application.taken).toHaveLength(1);
  });

  it('of an unknown type is refused when there is no application', () => {
    const fixture = new DeliveryFixture();
    const peer = fixture.peer('a');
    peer.say({ seq: 1, type: 'note', payload: 7 });
    expect(peer.link.texts).toEqual(['{"kind":"nack","seq":1,"reason":"unknown type note"}']);
  });
});

describe('a publish request', () => {
  it('goes to the room, and is acked when it is accepted', () => {
    const application = new SlowApplication();
    const fixture = new DeliveryFixture({ overflow: 'pause', maxPending: 1 }, application);
    const [listener, talker] = [fixture.peer('listener', 'r1'), fixture.peer('talker')];
    for (const seq of [1, 2])
      talker.say({ seq, type: 'publish', payload: { room: 'r1', type: 'chat', payload: seq } });
    // The second waits for room in the listener's outbox, and coming again does not make it two.
    talker.say({ seq: 2, type: 'publish', payload: { room: 'r1', type: 'chat', payload: 2 } });
    expect([talker.take(), listener.take(), application.relays]).toEqual([['ack 1'], ['1'], ['talker chat']]);
    listener.ack(1);
    fixture.pass();
    expect([talker.take(), listener.take(), application.relays.length]).toEqual([
      ['ack 2', 'pressure'],
      ['2'],
      2,
    ]);
  });

  it('that makes no sense is refused with a reason', () => {
    const fixture = new DeliveryFixture();
    const peer = fixture.peer('a');
    for (const [index, payload] of [null, 'x', { room: 5, type: 't' }, { room: 'r1' }].entries()) {
      peer.say({ seq: index + 1, type: 'publish', payload });
    }
    expect(peer.take()).toEqual(['nack 1', 'nack 2', 'nack 3', 'nack 4']);
  });
});
