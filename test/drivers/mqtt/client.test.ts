import mqttPacket, { type Packet, type Parser } from 'mqtt-packet';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientObserver, DriverClient, PublishOutcome } from '../../../src/drivers/driver.ts';
import { mqtt } from '../../../src/drivers/mqtt/driver.ts';
import type { MqttOptions } from '../../../src/drivers/mqtt/options.ts';
import { plainValues } from '../../../src/drivers/values.ts';
import { type ClientLink, type Link, LinkState } from '../../../src/protocol/ports.ts';
import { randomStreams } from '../../../src/world/random.ts';
import { VirtualNetwork } from '../../../src/world/virtual/network.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';
import { noContent } from '../no-content.ts';

/** A broker that says what the test tells it to, to see what a client makes of it. */
class Peer {
  readonly heard: Packet[] = [];
  readonly links: ClientLink[] = [];
  readonly #version: 4 | 5;
  /** Answers of the broker to a packet. */
  answers: (packet: Packet) => readonly Packet[] = () => [];

  constructor(version: 4 | 5) {
    this.#version = version;
  }

  accept(link: Link): {
    onOpen(): void;
    onText(): void;
    onBytes(bytes: Uint8Array): void;
    onPong(): void;
    onWritable(): void;
    onClose(): void;
  } {
    const parser: Parser = mqttPacket.parser({ protocolVersion: this.#version });
    // Both ends of a virtual connection are of one kind.
    const client = link as ClientLink;
    this.links.push(client);
    parser.on('packet', (packet) => {
      this.heard.push(packet);
      for (const answer of this.answers(packet)) this.say(answer);
    });
    return {
      onOpen() {},
      onText() {},
      onBytes: (bytes) => parser.parse(Buffer.from(bytes)),
      onPong() {},
      onWritable() {},
      onClose() {},
    };
  }

  say(packet: Packet): void {
    this.links.at(-1)?.sendBytes(mqttPacket.generate(packet, { protocolVersion: this.#version }));
  }

  of(cmd: Packet['cmd']): Packet[] {
    return this.heard.filter((packet) => packet.cmd === cmd);
  }
}

const FRIENDLY = (packet: Packet): readonly Packet[] => {
  switch (packet.cmd) {
    case 'connect':
      return [{ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false }];
    case 'subscribe':
      return [{ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [1] }];
    case 'pingreq':
      return [{ cmd: 'pingresp' }];
    default:
      return [];
  }
};

describe('a client of MQTT', () => {
  let time: VirtualTime;
  let peer: Peer;
  let told: string[];

  beforeEach(() => {
    time = new VirtualTime();
    told = [];
  });

  function connect(options: Partial<MqttOptions> = {}, answers = FRIENDLY): DriverClient<{ tag: string }> {
    peer = new Peer(options.version === 4 ? 4 : 5);
    peer.answers = answers;
    const randomFor = randomStreams(1);
    const network = new VirtualNetwork({ time, randomFor });
    network.listen('server', (link) => peer.accept(link));
    const path = network.path({ name: 'client', up: { delayMs: 1 }, down: { delayMs: 1 } });
    const tell = (line: string): void => void told.push(line);
    const observer: ClientObserver<{ tag: string }> = {
      connecting: () => tell('connecting'),
      open: () => tell('open'),
      subscribed: (_session, reason) => tell(`subscribed ${reason ?? ''}`.trim()),
      resumed: () => tell('resumed'),
      refused: (reason) => tell(`refused: ${reason}`),
      message: (_position, payload, again) => {
        const tag = Buffer.from(payload as Uint8Array).toString();
        tell(`message ${tag}${again ? ' again' : ''}`);
        return { tag };
      },
      deduplicated() {},
      handled: (_position, { tag }) => tell(`handled ${tag}`),
      failed() {},
      acked: () => tell('acked'),
      gap() {},
      replayed: () => tell('replayed'),
      goodbye() {},
      closed: (code) => tell(`closed ${code}`),
      olderClosed() {},
    };
    const client = mqtt(options).newClients()<{ tag: string }>({
      clientId: 'c0',
      values: plainValues(0, 'c0'),
      behaviour: {
        rooms: ['r1'],
        ack: { mode: 'each' },
        dedupWindow: 64,
        reconnect: { minMs: 50, maxMs: 50, jitter: 'none' },
        handlerMs: 0,
        handlerFailureRatio: 0,
        nack: false,
        batch: false,
      },
      observer,
      ports: {
        clock: time,
        timers: time,
        dial: network.dialer({ address: 'server', path }),
        reconnectRandom: randomFor('reconnect'),
        handlerRandom: randomFor('handler'),
        ...noContent(time),
      },
    });
    client.connector.connect();
    time.runFor(20);
    return client;
  }

  const message = (qos: 0 | 1 | 2, messageId: number, dup = false): Packet => ({
    cmd: 'publish',
    topic: 'r1',
    payload: `m${messageId}`,
    qos,
    dup,
    retain: false,
    messageId,
  });

  it('says who it is and what the broker is to keep', () => {
    connect({ sessionExpiry: 90_000, receiveMaximum: 7, username: 'u{{ client.index }}', password: 'p' });
    expect(peer.of('connect')[0]).toMatchObject({
      clientId: 'c0',
      clean: false,
      keepalive: 30,
      username: 'u0',
      password: Buffer.from('p'),
      properties: { sessionExpiryInterval: 90, receiveMaximum: 7 },
    });
    expect(told).toEqual(['connecting', 'open', 'subscribed']);
  });

  it('acks a message of QoS 1 after it was handled, and tells that it came again', () => {
    connect();
    peer.say(message(1, 5));
    peer.say(message(1, 5, true));
    time.runFor(5);
    expect(told.slice(3)).toEqual([
      'message m5',
      'handled m5',
      'acked',
      'message m5 again',
      'handled m5',
      'acked',
    ]);
    expect(peer.of('puback').map(({ messageId }) => messageId)).toEqual([5, 5]);
  });

  it('handles a message of QoS 2 once, when it is released', () => {
    connect({ qos: 2 });
    peer.say(message(2, 9));
    peer.say(message(2, 9, true));
    time.runFor(5);
    expect(told.slice(3)).toEqual([]);
    peer.say({ cmd: 'pubrel', messageId: 9 });
    peer.say({ cmd: 'pubrel', messageId: 9 });
    time.runFor(5);
    expect(told.slice(3)).toEqual(['message m9', 'handled m9', 'acked']);
    expect(peer.of('pubcomp').map(({ messageId }) => messageId)).toEqual([9, 9]);
  });

  it('sends again what the broker has not confirmed, marked as a duplicate', () => {
    const client = connect();
    const outcomes: PublishOutcome['kind'][] = [];
    const settle = ({ kind }: PublishOutcome): void => void outcomes.push(kind);
    client.publish({ room: 'r1', type: 't', payloadText: '{}', stamp: '', body: '', seq: 1, settle });
    time.runFor(5);
    client.connector.drop();
    time.runFor(100);
    expect(peer.of('publish')).toMatchObject([
      { dup: false, messageId: 1 },
      { dup: true, messageId: 1 },
    ]);
    peer.say({ cmd: 'puback', messageId: 1, reasonCode: 0 });
    time.runFor(5);
    expect([outcomes, client.unanswered]).toEqual([['accepted'], 0]);
  });

  it('holds back publishes that the broker does not take yet, and knows a refused one', () => {
    const client = connect({}, (packet) =>
      packet.cmd === 'connect'
        ? [{ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { receiveMaximum: 2 } }]
        : FRIENDLY(packet),
    );
    const outcomes: PublishOutcome['kind'][] = [];
    const settle = ({ kind }: PublishOutcome): void => void outcomes.push(kind);
    for (let seq = 1; seq <= 3; seq += 1)
      client.publish({ room: 'r1', type: 't', payloadText: '{}', stamp: '', body: '', seq, settle });
    time.runFor(5);
    expect(peer.of('publish')).toHaveLength(2);
    peer.say({ cmd: 'puback', messageId: 1, reasonCode: 0x97 });
    time.runFor(5);
    expect(peer.of('publish')).toHaveLength(3);
    expect(outcomes).toEqual(['rejected']);
  });

  it('tells that the broker kept its session, or that it did not', () => {
    const client = connect();
    client.connector.drop();
    time.runFor(100);
    expect(told.at(-1)).toBe('subscribed session-expired');
    peer.answers = (packet) =>
      packet.cmd === 'connect' ? [{ cmd: 'connack', reasonCode: 0, sessionPresent: true }] : FRIENDLY(packet);
    client.connector.drop();
    time.runFor(100);
    expect(told.slice(-2)).toEqual(['resumed', 'replayed']);
  });

  it('pings when it has been silent, and leaves a broker that does not answer', () => {
    const client = connect({ keepAlive: 10_000 });
    time.runFor(10_100);
    expect(peer.of('pingreq')).toHaveLength(1);
    expect(client.connector.ready).toBe(true);
    peer.answers = () => [];
    time.runFor(20_100);
    expect(told).toContain('closed 1006');
  });

  it.each<[string, Partial<MqttOptions>, (packet: Packet) => readonly Packet[], RegExp]>([
    [
      'a refused connection of MQTT 5',
      {},
      () => [{ cmd: 'connack', reasonCode: 0x87, sessionPresent: false }],
      /0x87/,
    ],
    [
      'a refused connection of MQTT 3.1.1',
      { version: 4 },
      () => [{ cmd: 'connack', returnCode: 4, sessionPresent: false }],
      /user name and password/,
    ],
    [
      'a refused subscription',
      {},
      (packet) =>
        packet.cmd === 'subscribe' ? [{ cmd: 'suback', messageId: 1, granted: [0x80] }] : FRIENDLY(packet),
      /refuses to subscribe "r1" with 0x80/,
    ],
  ])('tells of %s', (_what, options, answers, reason) => {
    connect(options, answers);
    expect(told.find((line) => line.startsWith('refused'))).toMatch(reason);
  });

  it.each<[string, (link: ClientLink) => void, RegExp]>([
    ['text', (link) => link.send('hello'), /text, where MQTT has binary/],
    ['what is no packet', (link) => link.sendBytes(new Uint8Array([0, 0])), /refused/],
    [
      'a length that does not end',
      (link) => link.sendBytes(new Uint8Array([48, 255, 255, 255, 255])),
      /length/,
    ],
  ])('ends a connection on which it hears %s, and comes back', (_what, say, reason) => {
    const client = connect();
    const [link] = peer.links;
    if (link?.state !== LinkState.open) throw new Error('the client is connected');
    say(link);
    time.runFor(200);
    expect(told.find((line) => line.startsWith('refused'))).toMatch(reason);
    expect(client.connector.ready).toBe(true);
    expect(peer.links).toHaveLength(2);
  });

  it('gives up on a broker that does not answer, and says what it waited for', () => {
    connect({}, () => []);
    time.runFor(31_000);
    expect(told).toContain('refused: it does not answer a CONNECT within 30 s');
  });
});
