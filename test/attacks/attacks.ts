import { FINAL_TEXT, frameOf, headerOf, PING_FRAME, pause, RawClient } from './raw-client.ts';

/** What is done to a server, and the most memory that it may have while it is done. */
export interface Attack {
  readonly name: string;
  readonly memoryMbMax: number;
  /** What takes no part in the attack, and is not measured. */
  prepare?(url: string): Promise<void>;
  /** Goes on for about `DURATION_MS`, and leaves no socket open. */
  run(url: string): Promise<void>;
}

const DURATION_MS = 1000;
/** A process of Node with the server takes some 80 MB; the garbage of an attack may lie about for a while. */
const PLAIN_MB = 220;
/** 12 000 sessions with as much in their outboxes as all outboxes may hold. */
const CROWD_MB = 560;

function text(value: unknown): Buffer {
  return frameOf(JSON.stringify(value));
}

function arrayOf<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

/** Clients that say the same for as long as it takes, and come back when they are sent away. */
async function flood(
  url: string,
  options: {
    readonly sockets: number;
    readonly bytes: (socket: number) => Buffer;
    readonly hello?: boolean;
    readonly reads?: boolean;
  },
): Promise<void> {
  const untilMs = performance.now() + DURATION_MS;
  const one = async (socket: number): Promise<void> => {
    const bytes = options.bytes(socket);
    while (performance.now() < untilMs) {
      const client =
        options.hello === false
          ? await RawClient.open(url)
          : await RawClient.welcomed(url, `a${socket}`, ['crowd']);
      if (options.reads === false) client.stopReading();
      await client.flood(bytes, untilMs);
      client.drop();
    }
  };
  await Promise.all(arrayOf(options.sockets, one));
}

/** Sessions whose clients have gone. */
async function absentSessions(url: string, count: number, room: string): Promise<void> {
  for (let first = 0; first < count; first += 500) {
    const clients = await Promise.all(
      arrayOf(500, (index) => RawClient.welcomed(url, `absent${first + index}`, [room])),
    );
    for (const client of clients) client.drop();
  }
}

/** Opens so many connections, at most 200 at once, and does something with each. */
async function many(count: number, each: (index: number) => Promise<RawClient>): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let first = 0; first < count; first += 200) {
    clients.push(...(await Promise.all(arrayOf(Math.min(200, count - first), (at) => each(first + at)))));
  }
  return clients;
}

async function holdAndDrop(clients: readonly RawClient[]): Promise<void> {
  await pause(DURATION_MS);
  for (const client of clients) client.drop();
}

function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

function publish(seq: number, room: string, payload: unknown): object {
  return { seq, type: 'publish', payload: { room, type: 't', payload } };
}

const LONG = 'x'.repeat(190);
const MEGABYTE = 'x'.repeat(1_000_000);

export const ATTACKS: readonly Attack[] = [
  {
    name: 'frames that nest thousands of levels deep',
    memoryMbMax: PLAIN_MB,
    run: (url) =>
      flood(url, {
        sockets: 10,
        bytes: (socket) =>
          frameOf(
            socket % 2 === 0
              ? `{"action":"message","room":"crowd","content":${nested(4150)}}`
              : `{"seq":1,"type":"publish","payload":{"type":"t","payload":${nested(4150)}}}`,
          ),
      }),
  },
  {
    name: 'a text of a megabyte that is nothing but open brackets',
    memoryMbMax: PLAIN_MB,
    run: (url) => flood(url, { sockets: 4, bytes: () => frameOf('['.repeat(1_000_000)) }),
  },
  {
    name: 'names of rooms of a megabyte',
    memoryMbMax: PLAIN_MB,
    run: (url) =>
      flood(url, {
        sockets: 4,
        bytes: (socket) =>
          text([
            publish(socket + 1, MEGABYTE.slice(0, 300_000), 1),
            { action: 'join', room: MEGABYTE.slice(0, 300_000) },
            { action: 'message', room: '', content: 1 },
          ]),
      }),
  },
  {
    name: 'a client that joins hundreds of thousands of rooms',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const client = await RawClient.welcomed(url, 'joiner');
      for (let first = 0; first < 200_000; first += 5000)
        client.write(text(arrayOf(5000, (index) => ({ action: 'join', room: `room ${first + index}` }))));
      await holdAndDrop([client]);
    },
  },
  {
    name: 'hundreds of hellos with a thousand long names',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const clients = await many(284, async (client) => {
        const one = await RawClient.open(url);
        // Half of them stay within the limit of a session.
        const name = client % 2 === 0 ? LONG : LONG.slice(0, 20);
        one.say({
          kind: 'hello',
          clientId: `long${client}`,
          rooms: arrayOf(1000, (room) => `${name}${client}/${room}`),
        });
        return one;
      });
      await holdAndDrop(clients);
    },
  },
  {
    name: 'arrays of publishes to thousands of absent sessions',
    memoryMbMax: CROWD_MB,
    prepare: (url) => absentSessions(url, 12_000, 'nobody home'),
    run: async (url) => {
      const clients = await many(10, (client) => RawClient.welcomed(url, `publisher${client}`));
      for (const client of clients)
        client.write(text(arrayOf(100, (index) => publish(index + 1, 'nobody home', 'x'))));
      await Promise.all(clients.map((client) => client.until('"seq":100}')));
      for (const client of clients) client.drop();
    },
  },
  {
    name: 'arrays of acks with long ranges',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const clients = await many(4, async (client) => {
        const one = await RawClient.welcomed(url, `ranger${client}`, [`own${client}`]);
        one.write(text(arrayOf(900, (index) => publish(index + 1, `own${client}`, 1))));
        await one.until('"seq":900');
        return one;
      });
      const acks = frameOf(`[${Array(10_000).fill('{"kind":"ack","seq":900,"from":1}').join()}]`);
      await Promise.all(clients.map((one) => one.flood(acks, performance.now() + DURATION_MS)));
      for (const client of clients) client.drop();
    },
  },
  {
    name: 'acks and nacks with huge numbers',
    memoryMbMax: PLAIN_MB,
    run: (url) => {
      const seqs = ['1e308', '-0', '9007199254740992', '9007199254740991', '1e-9', '"1"', 'null', '1.5'];
      return flood(url, {
        sockets: 10,
        bytes: (socket) =>
          frameOf(
            `[${seqs.map((seq) => `{"kind":"${socket % 2 === 0 ? 'ack' : 'nack'}","seq":${seq}},{"seq":${seq},"type":"t"}`).join()}]`,
          ),
      });
    },
  },
  {
    name: 'arrays as large as a text may be',
    memoryMbMax: PLAIN_MB,
    run: (url) => {
      const items = ['1', '[]', '{}', '{"action":"ping"}', '""'];
      return flood(url, {
        sockets: items.length,
        bytes: (socket) => {
          const item = items[socket] ?? '';
          return frameOf(
            `[${Array(Math.floor(1_000_000 / (item.length + 1)))
              .fill(item)
              .join()}]`,
          );
        },
      });
    },
  },
  {
    name: 'arrays of actions that are in order',
    memoryMbMax: PLAIN_MB,
    run: (url) =>
      flood(url, {
        sockets: 4,
        bytes: () => frameOf(`[${Array(9999).fill('{"action":"ping"}').join()}]`),
      }),
  },
  {
    name: 'joins and leaves of a crowded room, over and over',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      await absentSessions(url, 1000, 'churned');
      const churn = arrayOf(500, () => [
        { action: 'join', room: 'churned' },
        { action: 'leave', room: 'churned' },
      ]).flat();
      await flood(url, { sockets: 4, bytes: () => text(churn) });
    },
  },
  {
    name: 'resumes of sessions that nobody has had',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const clients = await many(1500, async (client) => {
        const one = await RawClient.open(url);
        one.say({
          kind: 'hello',
          clientId: `stranger${client % 50}`,
          session: `guess${client}`,
          token: 'guess',
          epoch: 'guess',
          lastSeq: client,
        });
        one.drop();
        return one;
      });
      await holdAndDrop(clients);
    },
  },
  {
    name: 'thousands of hellos of which half arrives',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const half = text({ kind: 'hello', clientId: LONG }).subarray(0, 100);
      const clients = await many(2000, async () => {
        const one = await RawClient.open(url);
        one.write(half);
        return one;
      });
      await holdAndDrop(clients);
    },
  },
  {
    name: 'thousands of sockets that never say hello',
    memoryMbMax: PLAIN_MB,
    run: async (url) => holdAndDrop(await many(2000, () => RawClient.open(url))),
  },
  {
    name: 'long frames that arrive byte by byte, and long messages of tiny fragments',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const clients = await many(100, (client) => RawClient.welcomed(url, `drip${client}`));
      for (const client of clients) client.write(headerOf(1_000_000));
      const fragment = frameOf('x', 0x00);
      const [first] = clients;
      first?.drop();
      const fragmented = await RawClient.welcomed(url, 'fragments');
      fragmented.write(frameOf('x', 0x01));
      const flooded = fragmented.flood(
        Buffer.concat(arrayOf(1000, () => fragment)),
        performance.now() + DURATION_MS,
      );
      for (let drip = 0; drip < 20; drip += 1) {
        for (const client of clients) client.write(Buffer.from('x'));
        await pause(DURATION_MS / 20);
      }
      await flooded;
      for (const client of [...clients, fragmented]) client.drop();
    },
  },
  {
    name: 'texts that are no UTF-8, and frames that are none',
    memoryMbMax: PLAIN_MB,
    run: (url) => {
      const garbage = [
        frameOf(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
        frameOf(Buffer.from([0xed, 0xa0, 0x80])),
        Buffer.alloc(5000, 0xff),
        frameOf('{}', FINAL_TEXT | 0x70),
      ];
      return flood(url, { sockets: 12, bytes: (socket) => garbage[socket % garbage.length] as Buffer });
    },
  },
  {
    name: 'pings by who does not read the answers, before the hello and after',
    memoryMbMax: PLAIN_MB,
    run: async (url) => {
      const bytes = (): Buffer => Buffer.concat(arrayOf(500, () => PING_FRAME));
      await Promise.all([
        flood(url, { sockets: 2, bytes, hello: false, reads: false }),
        flood(url, { sockets: 2, bytes, reads: false }),
      ]);
    },
  },
  {
    name: 'messages of a megabyte to a client that is away, and to one that does not read',
    memoryMbMax: PLAIN_MB + 80,
    run: async (url) => {
      const away = await RawClient.welcomed(url, 'away', ['large']);
      away.drop();
      const deaf = await RawClient.welcomed(url, 'deaf', ['large']);
      deaf.stopReading();
      const publisher = await RawClient.welcomed(url, 'large publisher');
      for (let seq = 1; seq <= 150; seq += 1) {
        publisher.write(text(publish(seq, 'large', MEGABYTE)));
        await publisher.until(`"seq":${seq}`);
      }
      await holdAndDrop([publisher, deaf]);
    },
  },
];
