import { describe, expect, it } from 'vitest';
import { Peer } from './peer.ts';

/** `yeast` of an instant of the virtual world, whose clock starts at 10^12 ms. */
function yeast(ms: number): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';
  let text = '';
  for (let left = ms; left > 0; left = Math.floor(left / 64)) text = digits[left % 64] + text;
  return text;
}

const OFFSET = yeast(1e12 + 500);

describe('sessions of the socket.io driver', () => {
  function returning(options: { readonly offsetFrom: 'official' | 'strict' }, ...events: string[]): unknown {
    const peer = new Peer({ recovery: true, ...options });
    peer.welcome('p1');
    peer.say(...events);
    peer.cut();
    peer.say('0{"sid":"e2"}');
    return JSON.parse(String(peer.heard[0]).slice(2));
  }

  it.each(['official', 'strict'] as const)(
    'are asked for with the offset of the last event (%s)',
    (offsetFrom) => {
      const asked = returning(
        { offsetFrom },
        `42["said",{"n":1},"${yeast(1e12)}"]`,
        `42["said",{"n":2},"${OFFSET}"]`,
      );
      expect(asked).toEqual({ pid: 'p1', offset: OFFSET });
    },
  );

  it('are asked for without an offset by a client that has had no event', () => {
    expect(returning({ offsetFrom: 'official' })).toEqual({ pid: 'p1' });
  });

  it.each([
    ['official', 'good night'],
    ['strict', OFFSET],
  ] as const)(
    'with offsets that are %s, a volatile event that ends with a text leaves "%s"',
    (offsetFrom, offset) => {
      const asked = returning({ offsetFrom }, `42["said",1,"${OFFSET}"]`, '42["said",2,"good night"]');
      expect(asked).toEqual({ pid: 'p1', offset });
    },
  );

  it('take no offset from an event that asks for an ack', () => {
    const asked = returning(
      { offsetFrom: 'official' },
      `42["said",1,"${OFFSET}"]`,
      '420["said","good night"]',
    );
    expect(asked).toEqual({ pid: 'p1', offset: OFFSET });
  });

  it('go on after events that come before the namespace is connected', () => {
    const peer = new Peer({ recovery: true });
    peer.welcome('p1');
    peer.say(`42["said",1,"${OFFSET}"]`);
    peer.cut();
    const { length } = peer.told;
    peer.say('0{"sid":"e2"}', `42["said",2,"${yeast(1e12 + 600)}"]`, `42["said",3,"${yeast(1e12 + 601)}"]`);
    expect(peer.told.slice(length)).toEqual([]);
    peer.say('40{"sid":"s2","pid":"p1"}');
    const offsets = peer.payloads.slice(1);
    expect(offsets.map((payload) => (payload as unknown[])[0])).toEqual([2, 3]);
    const told = peer.told.slice(length).filter((line) => !line.startsWith('message'));
    expect(told).toEqual(['resumed', 'handled', 'handled', 'replayed']);
    peer.cut();
    peer.say('0{"sid":"e3"}');
    expect(peer.heard).toEqual([`40{"pid":"p1","offset":"${yeast(1e12 + 601)}"}`]);
  });

  it('are told to be gone when the server has another name for them', () => {
    const peer = new Peer({ recovery: true });
    peer.welcome('p1');
    peer.cut();
    peer.welcome('p2', 's2');
    expect(peer.told.at(-1)).toBe('subscribed p2: session-expired');
    expect(peer.heard).toEqual(['40{"pid":"p1"}']);
  });

  it('are not asked for when the server recovers none, and nothing is told', () => {
    const peer = new Peer({ recovery: false });
    peer.welcome('p1');
    peer.cut();
    peer.welcome('p2', 's2');
    expect(peer.told.at(-1)).toBe('subscribed p2');
    expect(peer.heard).toEqual(['40']);
    expect(peer.client.openSecondSocket).toBeUndefined();
  });

  it('end with a goodbye', () => {
    const peer = new Peer({ recovery: true });
    peer.welcome('p1');
    peer.client.close(1000);
    peer.pass(200);
    expect(peer.connections[0]?.heard.at(-1)).toBe('41');
    peer.welcome('p2', 's2');
    expect(peer.told.slice(3)).toEqual(['goodbye', 'closed 1000', 'connecting', 'open', 'subscribed p2']);
    expect(peer.heard).toEqual(['40']);
  });

  it('may be resumed by a second socket, which leaves the first to the server', () => {
    const peer = new Peer({ recovery: true });
    peer.welcome('p1');
    expect(peer.client.openSecondSocket?.()).toBe(false);
    peer.say(`42["said",1,"${OFFSET}"]`);
    expect(peer.client.openSecondSocket?.()).toBe(true);
    peer.pass(20);
    const [first, second] = peer.connections;
    first?.link.send('42["said",2]');
    first?.link.send('2');
    peer.say('0{"sid":"e2"}', '42["said",3]');
    // What the first is sent arrives at once; what the second is sent waits for its CONNECT packet.
    expect(peer.payloads.map((payload) => (payload as unknown[])[0] ?? payload)).toEqual([1, 2]);
    expect([first?.heard, second?.heard]).toEqual([['40', '3'], [`40{"pid":"p1","offset":"${OFFSET}"}`]]);
    peer.say('40{"sid":"s2","pid":"p1"}');
    expect(peer.told.slice(-4)).toEqual(['resumed', 'message 3', 'handled', 'replayed']);
    first?.link.send('42["said",4]');
    peer.pass(10);
    expect(peer.payloads.length).toBe(3);
    expect([first?.code, second?.code]).toEqual([-1, -1]);
    peer.client.stop();
    peer.pass(10);
    expect([first?.code, second?.code]).toEqual([1000, 1000]);
  });
});

describe('events of the socket.io driver', () => {
  it('are messages by their names, with their arguments as the payload', () => {
    const peer = new Peer({ events: ['said', 'told'] });
    peer.welcome();
    peer.say('42["said",{"a":1}]', '42["other",2]', '42["told",3,"x"]', '42["said"]');
    expect(peer.payloads).toEqual([{ a: 1 }, [3, 'x'], []]);
  });

  it('are all handed over when no names are given', () => {
    const peer = new Peer();
    peer.welcome();
    peer.say('42["said",{"a":1}]', '42["other",2]');
    expect(peer.payloads).toEqual([{ a: 1 }, 2]);
  });

  it('have their attachments where the placeholders are', () => {
    const peer = new Peer();
    peer.welcome();
    const bytes = new TextEncoder();
    peer.say('452-["said",{"b":{"_placeholder":true,"num":1}},[{"_placeholder":true,"num":0}]]');
    const link = peer.last.link as unknown as { sendBytes(bytes: Uint8Array): void };
    link.sendBytes(bytes.encode('zero'));
    peer.pass(10);
    expect(peer.payloads).toEqual([]);
    link.sendBytes(bytes.encode('one'));
    peer.pass(10);
    expect(peer.payloads).toEqual([[{ b: bytes.encode('one') }, [bytes.encode('zero')]]]);
  });

  it('are acked after they were handled, when they ask for it and the client is to', () => {
    const peer = new Peer({ ack: true }, { handlerMs: 100 });
    peer.welcome();
    peer.say('420["said",1]', '42["said",2]', '427["said",3]');
    expect(peer.heard).toEqual(['40']);
    peer.pass(300);
    expect(peer.heard).toEqual(['40', '430[]', '437[]']);
    expect(peer.told.filter((line) => line === 'acked').length).toBe(2);
  });

  it('are not acked by a client that does not answer', () => {
    const peer = new Peer();
    peer.welcome();
    peer.say('420["said",1]');
    expect([peer.payloads, peer.heard]).toEqual([[1], ['40']]);
  });

  it('have acks that a fault loses, delays and doubles', () => {
    const peer = new Peer({ ack: true });
    peer.welcome();
    peer.client.ackFilter = () => ({ kind: 'lose' });
    peer.say('420["said",0]');
    peer.client.ackFilter = () => ({ kind: 'delay', delayMs: 200 });
    peer.say('421["said",1]');
    peer.client.ackFilter = () => ({ kind: 'duplicate', copies: 3 });
    peer.say('422["said",2]');
    expect(peer.heard).toEqual(['40', '432[]', '432[]', '432[]']);
    peer.pass(200);
    expect(peer.heard.slice(4)).toEqual(['431[]']);
  });
});
