import { describe, expect, it } from 'vitest';
import { socketIo } from '../../../src/drivers/socket-io/driver.ts';
import { Peer } from './peer.ts';

describe('the address of the socket.io driver', () => {
  const { addressOf = (url: string) => url } = socketIo();

  it.each([
    ['ws://h:1', 'ws://h:1/socket.io/?EIO=4&transport=websocket'],
    ['wss://h:1/', 'wss://h:1/socket.io/?EIO=4&transport=websocket'],
    ['ws://h:1/?token=x', 'ws://h:1/socket.io/?token=x&EIO=4&transport=websocket'],
    ['ws://h:1/chat/', 'ws://h:1/chat/?EIO=4&transport=websocket'],
    ['ws://h:1/s/?EIO=4&transport=websocket', 'ws://h:1/s/?EIO=4&transport=websocket'],
  ])('%s becomes %s', (given, dialled) => {
    expect(addressOf(given)).toBe(dialled);
  });
});

describe('a connection of the socket.io driver', () => {
  it('connects its namespace, with the auth payload of its user', () => {
    const peer = new Peer(
      { namespace: '/chat', auth: { token: '{{ user.token }}', n: '{{ client.index }}' } },
      {},
      { token: 'abc' },
    );
    expect(peer.heard).toEqual([]);
    peer.say('0{"sid":"e1","pingInterval":1000,"pingTimeout":500}');
    expect(peer.heard).toEqual(['40/chat,{"token":"abc","n":7}']);
    // Of another namespace, and not of this client.
    peer.say('40{"sid":"other"}');
    expect(peer.told).toEqual(['connecting', 'open']);
    peer.say('40/chat,{"sid":"s1"}', '42["said","main"]', '42/chat,["said","chat"]');
    expect(peer.told.slice(2)).toEqual(['subscribed s1', 'message "chat"', 'handled']);
    peer.client.stop();
    peer.pass(10);
    expect(peer.heard.at(-1)).toBe('41/chat,');
  });

  it('makes its auth payload anew for each connection', () => {
    const peer = new Peer({ auth: { at: '{{ now(ms) }}' } });
    peer.welcome();
    peer.cut();
    peer.welcome();
    const [first, second] = peer.connections.map(({ heard }) => String(heard[0]).slice(2));
    expect(Number(JSON.parse(second ?? '').at)).toBeGreaterThan(Number(JSON.parse(first ?? '').at));
  });

  it('answers pings, and takes a server for dead that sends none', () => {
    const peer = new Peer();
    peer.welcome();
    peer.pass(900);
    peer.say('2');
    expect(peer.heard).toEqual(['40', '3']);
    peer.pass(1400);
    expect(peer.told.at(-1)).toBe('subscribed s1');
    // 1500 ms after the ping, which are the interval and the timeout of its handshake; and 100 ms to come back.
    peer.pass(200);
    expect(peer.told.slice(-3)).toEqual(['closed 1006', 'connecting', 'open']);
  });

  it('answers no ping when a fault says so', () => {
    const peer = new Peer();
    peer.welcome();
    peer.client.connector.setAnswersPings(false);
    peer.say('2');
    expect(peer.heard).toEqual(['40']);
    peer.client.connector.setAnswersPings(true);
    peer.say('2');
    expect(peer.heard).toEqual(['40', '3']);
  });

  it('tells why it is refused, and does not come back', () => {
    const peer = new Peer();
    peer.say('0{"sid":"e1"}', '44{"message":"Not authorized","data":{"code":1}}');
    peer.pass(5000);
    expect(peer.told.slice(2)).toEqual(['refused: Not authorized', 'closed 1000']);
  });

  it('does not come back after the server has disconnected it from the namespace', () => {
    const peer = new Peer();
    peer.welcome();
    peer.say('41');
    peer.pass(5000);
    expect(peer.told.slice(3)).toEqual([
      'refused: it disconnects the client from the namespace',
      'closed 1000',
    ]);
  });

  it('gives up on a connection that gets no further, and says how far it got', () => {
    const steps: [frames: string[], reason: string][] = [
      [[], 'it takes more than 20 s to open a session of Engine.IO'],
      [['0{"sid":"e1"}'], 'it takes more than 20 s to answer the CONNECT packet of the namespace'],
      [['0{"sid":"e1"}', '40{"sid":"s1"}'], 'it takes more than 20 s to confirm the rooms'],
    ];
    for (const [frames, reason] of steps) {
      const peer = new Peer({ subscribe: { send: ['join', '{{ room }}'], confirm: [] } });
      peer.say(...frames);
      peer.pass(20_000);
      expect(peer.told.slice(2, 4)).toEqual([`refused: ${reason}`, 'closed 1006']);
    }
  });

  it('refuses a server of Socket.IO 2, which connects a namespace without a name for the session', () => {
    const peer = new Peer();
    peer.say('0{"sid":"e1"}', '40');
    expect(peer.told.slice(2, 3)).toEqual(['refused: it speaks an older protocol than Socket.IO 3']);
  });
});

describe('rooms of the socket.io driver', () => {
  const subscribe = { send: ['join', { room: '{{ room }}' }], confirm: [{ ok: true, n: 'exists' }] };

  it('are joined when all of them are confirmed', () => {
    const peer = new Peer({ subscribe }, { rooms: ['a', 'b'] });
    peer.welcome();
    expect(peer.heard).toEqual(['40', '420["join",{"room":"a"}]', '421["join",{"room":"b"}]']);
    peer.say('431[{"ok":true,"n":1,"more":2}]');
    expect(peer.client.connector.ready).toBe(false);
    peer.say('430[{"ok":true,"n":0}]');
    expect(peer.told.slice(2)).toEqual(['subscribed s1']);
    expect(peer.client.connector.ready).toBe(true);
  });

  it('are not joined when one is refused, which the client tells', () => {
    const peer = new Peer({ subscribe });
    peer.welcome();
    peer.say('430[{"ok":false,"n":1}]');
    expect(peer.told.slice(2)).toEqual([
      'refused: it answers the request for the room r1 with [{"ok":false,"n":1}]',
    ]);
    expect(peer.client.connector.ready).toBe(false);
  });

  it('are joined without a confirmation as soon as the server has read the request', () => {
    const peer = new Peer({ subscribe: { send: ['join', '{{ room }}'] } });
    peer.say('0{"sid":"e1"}');
    peer.last.link.pauseReading();
    peer.last.link.send('40{"sid":"s1"}');
    peer.pass(500);
    expect(peer.client.connector.ready).toBe(false);
    peer.last.link.resumeReading();
    peer.pass(10);
    expect(peer.heard.at(-1)).toBe('42["join","r1"]');
    expect(peer.told.slice(2)).toEqual(['subscribed s1']);
  });

  it('are asked for again on a new connection when an answer does not come in time', () => {
    const peer = new Peer({ subscribe, ackTimeout: 300 });
    peer.welcome();
    peer.pass(500);
    expect(peer.told.slice(2, 5)).toEqual([
      'refused: it does not answer the request for the room r1',
      'closed 1006',
      'connecting',
    ]);
    peer.welcome();
    expect(peer.heard.at(-1)).toBe('421["join",{"room":"r1"}]');
  });
});
