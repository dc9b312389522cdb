import { type BareOptions, type BareOutcome, bareWs } from './bare-ws.ts';
import { roomShare } from './cpu-profile.ts';
import { type ClientCost, driverClients, type ProtocolName } from './driver-clients.ts';
import { type ProductRun, profileProduct, runProduct } from './product.ts';
import { longSimulation, seedsPerSec } from './simulation.ts';

export interface Benchmark {
  readonly name: string;
  readonly measure: string;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  /** Too long to repeat. */
  readonly once?: boolean;
  run(): Promise<{ readonly value: number; readonly note: string }>;
}

/** Length of the text of a 200 B message in its envelope, seq and stamp included. */
const FRAME_LENGTH = 322;
const SECONDS = 4;
const SERVER = 'server: { delivery: effectively-once, broadcast: { batchSize: 100, batchDelay: 0ms } }';
/** From what this costs the busier process, it is known at which rate that is busy to a given share. */
const PACED_PROBE_PER_SEC = 4;
/** The folders of `src` that judge and measure; checksums are made by Node for them alone. */
const CHECKING_ROOMS = ['delivery', 'measure'];

const CROWD_AND_BYSTANDERS = [
  'name: benchmark',
  SERVER,
  'clients:',
  '  - { profile: crowd, count: 10000, rooms: [crowd], ack: { mode: cumulative } }',
  '  - { profile: bystander, count: 20, rooms: [small], ack: { mode: cumulative } }',
  'publish:',
  '  - { room: crowd, rate: 1/s, size: 200B }',
  '  - { room: small, rate: 50/s, size: 200B }',
  'duration: { rampUp: 4s, warmUp: 1500ms, load: 6s, settle: 30s }',
].join('\n');

interface LoadShape {
  readonly clients: number;
  /** Clients of a second profile, on top. */
  readonly others?: number;
  readonly ack?: 'each' | 'cumulative';
  /** Of cumulative acks. */
  readonly every?: number;
  readonly batch?: boolean;
  readonly rate?: string;
  readonly loadSeconds?: number;
  readonly rampUp?: string;
  readonly faults?: string;
}

function scenario(shape: LoadShape): string {
  const {
    clients,
    others = 0,
    ack = 'cumulative',
    every = 32,
    batch = false,
    rate = 'max',
    loadSeconds = SECONDS,
    rampUp = '2s',
  } = shape;
  const kind = `ack: { mode: ${ack}, every: ${every} }, batch: ${batch} }`;
  return [
    'name: benchmark',
    SERVER,
    'clients:',
    `  - { profile: healthy, count: ${clients}, ${kind}`,
    ...(others === 0 ? [] : [`  - { profile: other, count: ${others}, ${kind}`]),
    `publish: [{ rate: ${rate}, size: 200B }]`,
    `duration: { rampUp: ${rampUp}, warmUp: 1500ms, load: ${loadSeconds}s, settle: 30s }`,
    ...(shape.faults === undefined ? [] : [`faults: ${shape.faults}`]),
  ].join('\n');
}

/** Share of a core that the busiest process used. */
function busiestShare({ result }: Pick<ProductRun, 'result'>): number {
  const { server, workers } = result.generator;
  return Math.max(server?.cpuShare ?? 0, ...workers.map(({ cpuShare }) => cpuShare));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function pushP99Ms(result: ProductRun['result']): number {
  return (result.latency.push?.p99 ?? Number.NaN) / 1000;
}

function perSec(value: number): string {
  return `${Math.round(value)}/s`;
}

async function throughput(
  shape: LoadShape,
  acks: boolean,
): Promise<{ readonly value: number; readonly note: string }> {
  const bare = await bareWs({
    clients: shape.clients,
    frameLength: FRAME_LENGTH,
    acks,
    parse: false,
    seconds: SECONDS,
  });
  const { result } = await runProduct(scenario(shape));
  const value = result.rate.delivered / bare.deliveredPerSec;
  return {
    value,
    note: `${perSec(result.rate.delivered)} against ${perSec(bare.deliveredPerSec)} of bare ws, ${result.verdict}`,
  };
}

export const BENCHMARKS: readonly Benchmark[] = [
  {
    name: 'quick-throughput',
    measure: 'delivered/s, 1 000 clients, against bare ws',
    bound: { atLeast: 0.85 },
    once: true,
    run: () => throughput({ clients: 1000 }, false),
  },
  {
    name: 'throughput',
    measure: 'delivered/s, 4 000 clients, cumulative acks, against bare ws without acks',
    bound: { atLeast: 0.85 },
    run: () => throughput({ clients: 4000 }, false),
  },
  {
    name: 'throughput-each',
    measure: 'delivered/s, 4 000 clients, one ack each, against bare ws with acks',
    bound: { atLeast: 0.85 },
    run: () => throughput({ clients: 4000, ack: 'each' }, true),
  },
  {
    name: 'throughput-batch',
    measure: 'delivered/s, 4 000 clients, batch frames, against bare ws without acks',
    bound: { atLeast: 4 },
    run: () => throughput({ clients: 4000, batch: true, every: 64 }, false),
  },
  {
    name: 'client-cpu',
    measure: 'client CPU for each message, against a plain ws client that parses and records',
    bound: { atMost: 1.4 },
    run: async () => {
      const bare = await bareWs({
        clients: 2000,
        frameLength: FRAME_LENGTH,
        acks: false,
        parse: true,
        broadcastsPerSec: 15,
        seconds: SECONDS,
      });
      const own = await runProduct(scenario({ clients: 2000, rate: '15/s' }));
      const value = own.clientCpuUsPerMessage / bare.clientCpuUsPerMessage;
      return {
        value,
        note: `${own.clientCpuUsPerMessage.toFixed(1)} µs against ${bare.clientCpuUsPerMessage.toFixed(1)} µs`,
      };
    },
  },
  {
    name: 'lean-client-cpu',
    measure: 'CPU for each message of a client on a bare socket, against a client of ws',
    bound: { atMost: 0.85 },
    run: async () => {
      const [lean, ws] = [await pacedClients({ leanClients: true }), await pacedClients({})];
      return {
        value: lean.clientCpuUsPerMessage / ws.clientCpuUsPerMessage,
        note: `${lean.clientCpuUsPerMessage.toFixed(1)} µs against ${ws.clientCpuUsPerMessage.toFixed(1)} µs`,
      };
    },
  },
  {
    name: 'lean-client-memory',
    measure: 'RSS of an idle client on a bare socket, 4 000 clients, against a client of ws',
    bound: { atMost: 0.67 },
    once: true,
    run: async () => {
      const [lean, ws] = [await bytesPerClient(true), await bytesPerClient(false)];
      return {
        value: lean / ws,
        note: `${(lean / 1024).toFixed(1)} KB against ${(ws / 1024).toFixed(1)} KB`,
      };
    },
  },
  ...driverRows('socket-io', 'socket.io', 'socket.io-client'),
  ...driverRows('mqtt', 'mqtt', 'mqtt.js, QoS 1'),
  ...driverRows('json', 'json', 'a client of ws that parses'),
  {
    name: 'memory-client',
    measure: 'KB of RSS for each idle simulated client, 10 000 clients',
    bound: { atMost: 12.5 },
    once: true,
    run: async () => memory('client'),
  },
  {
    name: 'memory-session',
    measure: 'KB of RSS for each idle session at the server, 10 000 clients',
    bound: { atMost: 17 },
    once: true,
    run: async () => memory('server'),
  },
  {
    name: 'scaling',
    measure: 'CPU for each delivered message, 16 000 clients against 1 000',
    bound: { atMost: 1.5 },
    once: true,
    run: async () => {
      const few = await runProduct(scenario({ clients: 1000, rate: '20/s', loadSeconds: 5 }));
      const many = await runProduct(scenario({ clients: 16_000, rate: '2/s', loadSeconds: 5, rampUp: '5s' }));
      const total = (run: typeof few): number => run.clientCpuUsPerMessage + run.serverCpuUsPerMessage;
      return {
        value: total(many) / total(few),
        note: `${total(many).toFixed(1)} µs against ${total(few).toFixed(1)} µs`,
      };
    },
  },
  {
    name: 'connect',
    measure: 'sessions welcomed/s on ramp-up, 10 000 clients, against connections that bare ws opens',
    bound: { atLeast: 0.9 },
    run: async () => {
      const clients = 10_000;
      const bare = await bareWs({
        clients,
        frameLength: FRAME_LENGTH,
        acks: false,
        parse: false,
        seconds: 0,
      });
      const { connectMs } = await runProduct(
        // Faster than is wanted, and not so fast that the kernel's queue of connections overflows.
        scenario({ clients, rate: '1/s', loadSeconds: 1, rampUp: '1s' }),
      );
      const perSecond = (ms: number): string => perSec((clients * 1000) / ms);
      return {
        value: bare.connectMs / connectMs,
        note: `${perSecond(connectMs)} welcomed, bare ws opens ${perSecond(bare.connectMs)}`,
      };
    },
  },
  {
    name: 'clients',
    measure: 'clients in one run with 20 000 descriptors',
    bound: { atLeast: 18_000 },
    once: true,
    run: async () => {
      const { result } = await runProduct(
        scenario({ clients: 18_500, rate: '1/s', loadSeconds: 5, rampUp: '6s' }),
        { workers: 2 },
      );
      const { owed, delivered } = result.delivery;
      return {
        value: result.generator.connected,
        note: `${delivered} of ${owed} delivered, ${result.verdict}`,
      };
    },
  },
  {
    name: 'slip',
    measure: 'schedule slip p99 in ms at 60 % of capacity, 4 000 clients',
    bound: { atMost: 5 },
    run: async () => {
      const paced = (perSec: number): string => scenario({ clients: 4000, rate: `${perSec}/s` });
      const probe = await runProduct(paced(PACED_PROBE_PER_SEC));
      const perSec = (PACED_PROBE_PER_SEC * 0.6) / busiestShare(probe);
      const { result } = await runProduct(paced(Math.round(perSec * 10) / 10));
      const p99Ms = result.generator.scheduleSlip.p99 / 1000;
      const note = `${perSec.toFixed(1)} broadcasts/s, a core ${percent(busiestShare({ result }))} busy, push p99 ${pushP99Ms(result).toFixed(1)} ms`;
      return { value: p99Ms, note };
    },
  },
  {
    name: 'fan-out',
    measure: 'schedule slip p99 in ms of a small room at 50/s during broadcasts to 10 000 others',
    bound: { atMost: 5 },
    run: async () => {
      const { result } = await runProduct(CROWD_AND_BYSTANDERS);
      const { p50 = Number.NaN, p99 = Number.NaN } = result.profiles.bystander?.latency.push ?? {};
      const { detectedStale = Number.NaN } = result.broadcast ?? {};
      return {
        value: result.generator.scheduleSlip.p99 / 1000,
        note: `push in the room p50 ${(p50 / 1000).toFixed(1)} ms, p99 ${(p99 / 1000).toFixed(1)} ms; ${detectedStale} heartbeats missed; ${result.verdict}`,
      };
    },
  },
  {
    name: 'isolation',
    measure: 'push p99 of the healthy clients with a tenth paused, against none paused',
    bound: { atMost: 1.5 },
    run: async () => {
      const shape = { clients: 900, others: 100, rate: '20/s' };
      const calm = await runProduct(scenario(shape));
      const paused = '[{ during: load, clients: { profile: other }, do: pause-reader }]';
      const troubled = await runProduct(scenario({ ...shape, faults: paused }));
      const healthyMs = ({ result }: ProductRun): number =>
        (result.profiles.healthy?.latency.push?.p99 ?? Number.NaN) / 1000;
      return {
        value: healthyMs(troubled) / healthyMs(calm),
        note: `${healthyMs(troubled).toFixed(1)} ms against ${healthyMs(calm).toFixed(1)} ms`,
      };
    },
  },
  {
    name: 'checking',
    measure: 'checker, ledgers, stamps and histograms: percent of the CPU of all processes, 4 000 clients',
    bound: { atMost: 15 },
    once: true,
    run: async () => {
      const { profiles } = await profileProduct(scenario({ clients: 4000 }));
      const shares = profiles.map((profile) => roomShare(profile, CHECKING_ROOMS));
      const busy = shares.reduce((sum, { busyUs }) => sum + busyUs, 0);
      const checking = shares.reduce((sum, { roomUs }) => sum + roomUs, 0);
      return {
        value: (100 * checking) / busy,
        note: `${(checking / 1e6).toFixed(2)} s of ${(busy / 1e6).toFixed(1)} s in ${profiles.length} processes`,
      };
    },
  },
  {
    name: 'simulate-seeds',
    measure: 'simulated seeds/s on one core, 8 clients, 60 s of chaos, a message a second for each',
    bound: { atLeast: 500 },
    run: async () => seedsPerSec(),
  },
  {
    name: 'simulate-long',
    measure: 'seconds for a simulated run of 10 minutes with 1 000 clients',
    bound: { atMost: 30 },
    once: true,
    run: async () => longSimulation(),
  },
];

/** Clients that count what they get, at a rate at which nothing queues. */
function pacedClients(options: Partial<BareOptions>): Promise<BareOutcome> {
  return bareWs({
    clients: 2000,
    frameLength: FRAME_LENGTH,
    acks: false,
    parse: false,
    broadcastsPerSec: 15,
    seconds: SECONDS,
    ...options,
  });
}

async function bytesPerClient(leanClients: boolean): Promise<number> {
  const [clients, calm] = [4000, { leanClients, broadcastsPerSec: 1, seconds: 1 }];
  const few = await pacedClients({ ...calm, clients: 1 });
  const many = await pacedClients({ ...calm, clients });
  return (many.clientRssBytes - few.clientRssBytes) / clients;
}

async function memory(side: 'client' | 'server'): Promise<{ readonly value: number; readonly note: string }> {
  const idle = (clients: number, rampUp: string): string =>
    scenario({ clients, rate: '0.2/s', loadSeconds: 5, rampUp });
  const few = await runProduct(idle(1, '0ms'), { workers: 1 });
  const many = await runProduct(idle(10_000, '4s'), { workers: 1 });
  const rss = ({ result }: typeof few): number =>
    side === 'server'
      ? (result.generator.server?.rssBytesMax ?? 0)
      : result.generator.workers.reduce((sum, { rssBytesMax }) => sum + rssBytesMax, 0);
  const bytes = (rss(many) - rss(few)) / 10_000;
  return {
    value: bytes / 1024,
    note: `${Math.round(rss(many) / 1e6)} MB with 10 000, ${Math.round(rss(few) / 1e6)} MB with one`,
  };
}

/** Clients of a driver against clients that people use, on the same server. */
function driverRows(protocol: ProtocolName, driver: string, peer: string): Benchmark[] {
  const both = async (): Promise<[own: ClientCost, official: ClientCost]> => [
    await driverClients(protocol, 'driver'),
    await driverClients(protocol, 'official'),
  ];
  return [
    {
      name: `${protocol}-cpu`,
      measure: `CPU for each message of a client of the driver ${driver}, 1 000 clients, against ${peer}`,
      bound: { atMost: 0.5 },
      run: async () => {
        const [own, official] = await both();
        return {
          value: own.cpuUsPerMessage / official.cpuUsPerMessage,
          note: `${own.cpuUsPerMessage.toFixed(1)} µs against ${official.cpuUsPerMessage.toFixed(1)} µs`,
        };
      },
    },
    {
      name: `${protocol}-memory`,
      measure: `memory that an idle client of the driver ${driver} keeps, 1 000 clients, against ${peer}`,
      bound: { atMost: 0.33 },
      once: true,
      run: async () => {
        const [own, official] = await both();
        return {
          value: own.bytesPerIdleClient / official.bytesPerIdleClient,
          note: `${(own.bytesPerIdleClient / 1024).toFixed(1)} KB against ${(official.bytesPerIdleClient / 1024).toFixed(1)} KB`,
        };
      },
    },
  ];
}
