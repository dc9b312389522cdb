import { bareWs } from './bare-ws.ts';
import { runProduct } from './product.ts';

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

interface LoadShape {
  readonly clients: number;
  readonly ack?: 'each' | 'cumulative';
  readonly batch?: boolean;
  readonly rate?: string;
  readonly loadSeconds?: number;
  readonly rampUp?: string;
  readonly faults?: string;
}

function scenario(shape: LoadShape): string {
  const {
    clients,
    ack = 'cumulative',
    batch = false,
    rate = 'max',
    loadSeconds = SECONDS,
    rampUp = '2s',
  } = shape;
  return [
    'name: benchmark',
    'server: { delivery: effectively-once, broadcast: { batchSize: 500, batchDelay: 0ms } }',
    `clients: [{ profile: healthy, count: ${clients}, ack: { mode: ${ack} }, batch: ${batch} }]`,
    `publish: [{ rate: ${rate}, size: 200B }]`,
    `duration: { rampUp: ${rampUp}, warmUp: 1500ms, load: ${loadSeconds}s, settle: 30s }`,
    ...(shape.faults === undefined ? [] : [`faults: ${shape.faults}`]),
  ].join('\n');
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
    run: () => throughput({ clients: 4000, batch: true }, false),
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
    name: 'memory-client',
    measure: 'KB of RSS for each idle simulated client, 10 000 clients',
    bound: { atMost: 20 },
    once: true,
    run: async () => memory('client'),
  },
  {
    name: 'memory-session',
    measure: 'KB of RSS for each idle session at the server, 10 000 clients',
    bound: { atMost: 16 },
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
    measure: 'connections/s on ramp-up, 5 000 clients',
    bound: { atLeast: 5000 },
    run: async () => {
      const { connectMs } = await runProduct(
        scenario({ clients: 5000, rate: '1/s', loadSeconds: 1, rampUp: '0ms' }),
      );
      return { value: 5_000_000 / connectMs, note: `${Math.round(connectMs)} ms` };
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
      const flood = await runProduct(scenario({ clients: 4000 }));
      const rate = Math.max(1, Math.floor((flood.result.rate.delivered * 0.6) / 4000));
      const { result } = await runProduct(scenario({ clients: 4000, rate: `${rate}/s` }));
      const p99Ms = result.generator.scheduleSlip.p99 / 1000;
      return {
        value: p99Ms,
        note: `${rate} broadcasts/s, push p99 ${((result.latency.push?.p99 ?? 0) / 1000).toFixed(1)} ms`,
      };
    },
  },
  {
    name: 'isolation',
    measure: 'p99 push of the healthy clients with a tenth paused, against none paused',
    bound: { atMost: 1.5 },
    run: async () => {
      const shape = { clients: 1000, rate: '20/s' };
      const calm = await runProduct(scenario(shape));
      const paused = '[{ during: load, clients: { share: 10% }, do: pause-reader }]';
      const troubled = await runProduct(scenario({ ...shape, faults: paused }));
      // Nine tenths are healthy: the 90th percentile of all is the worst of the healthy ones, so compare p90 upwards.
      const healthy = (run: typeof calm): number => run.result.latency.push?.p90 ?? 0;
      return {
        value: healthy(troubled) / Math.max(1, healthy(calm)),
        note: `${healthy(troubled)} µs against ${healthy(calm)} µs`,
      };
    },
  },
];

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
