import type { Histogram } from '../measure/histogram.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { Result } from './result.ts';
import type { RunRecord } from './run-record.ts';

/** From here on what the generator measured of time is doubtful, and from there on worthless. */
const SUSPECT = { slipUs: 20_000, delayUs: 50_000, cpuShare: 0.9, cpuWaitShare: 0.1 };
const INVALID = { slipUs: 200_000, delayUs: 250_000 };

/** How the load generator did: whether what it says about time can be believed. */
export interface GeneratorState {
  /** Why its times are worthless, in words; latencies can't be judged then. */
  readonly objections: readonly string[];
  readonly suspicions: readonly string[];
  readonly longestDelay: Delay;
}

/** How late something was, which shares the machine with the server. */
export type Delay = Result['generator']['longestDelay'];

export function generatorState(record: Pick<RunRecord, 'slip' | 'workers' | 'serverUse'>): GeneratorState {
  const { slip, workers, serverUse } = record;
  const suspicions: string[] = [];
  const objections: string[] = [];
  const weigh = (
    what: string,
    value: number,
    limits: { readonly suspect: number; readonly invalid: number },
  ): void => {
    const text = `${what} ${Math.round(value / 1000)}ms`;
    if (value > limits.invalid) objections.push(text);
    else if (value > limits.suspect) suspicions.push(text);
  };
  weigh('schedule slip p99', slip.quantile(0.99), { suspect: SUSPECT.slipUs, invalid: INVALID.slipUs });
  const uses = workers.flatMap(({ worker, use }) =>
    use === undefined ? [] : [{ name: `worker ${worker}`, use }],
  );
  for (const { name, use } of serverUse === undefined
    ? uses
    : [...uses, { name: 'the server', use: serverUse }]) {
    const limits = { suspect: SUSPECT.delayUs, invalid: INVALID.delayUs };
    weigh(`event-loop delay p99 of ${name}`, use.eventLoopDelay.p99, limits);
    const { cpuWaitShare = 0 } = use;
    if (cpuWaitShare > SUSPECT.cpuWaitShare)
      suspicions.push(`${name} waited for a CPU ${Math.round(cpuWaitShare * 100)}% of the time`);
  }
  for (const { name, use } of uses)
    if (use.cpuShare > SUSPECT.cpuShare)
      suspicions.push(`${name} used ${Math.round(use.cpuShare * 100)}% of a core`);
  return { objections, suspicions, longestDelay: longestDelay(record) };
}

function longestDelay({ slip, workers, serverUse }: Parameters<typeof generatorState>[0]): Delay {
  const delays: readonly Delay[] = [
    { of: 'schedule', us: slip.maxUs },
    { of: 'server', us: serverUse?.stallUsMax ?? 0 },
    ...workers.map(({ worker, use }) => ({ of: 'worker' as const, worker, us: use?.stallUsMax ?? 0 })),
  ];
  return delays.reduce((longest, next) => (next.us > longest.us ? next : longest));
}

export function generatorNotes({ objections, suspicions }: GeneratorState): string[] {
  const status = objections.length > 0 ? 'invalid' : 'suspect';
  return [...objections, ...suspicions].map((reason) => `load generator ${status}: ${reason}`);
}

export function generatorDocument(
  record: RunRecord,
  { objections, suspicions, longestDelay: delay }: GeneratorState,
  summarise: (histogram: Histogram) => ReturnType<Histogram['summarise']>,
): Result['generator'] {
  return {
    status: objections.length > 0 ? 'invalid' : suspicions.length > 0 ? 'suspect' : 'valid',
    reasons: [...objections, ...suspicions],
    longestDelay: delay,
    scheduleSlip: summarise(record.slip),
    workers: record.workers.flatMap(({ worker, pid, clients, use, lost: why }) =>
      use === undefined && why === undefined
        ? []
        : [
            {
              worker,
              pid,
              clients: clients.length,
              ...(use ?? NO_USE),
              ...(why === undefined ? {} : { lost: why }),
            },
          ],
    ),
    ...(record.serverUse === undefined ? {} : { server: record.serverUse }),
    asked: clientsOf(record.scenario).count,
    connected: record.probed,
    workersLost: record.workers.filter((worker) => worker.lost !== undefined).length,
  };
}

const NO_LATENCY = {
  unit: 'us',
  count: 0,
  min: 0,
  p50: 0,
  p90: 0,
  p99: 0,
  p999: 0,
  max: 0,
  mean: 0,
  hdr: '',
} as const;
const NO_USE = { cpuShare: 0, gcShare: 0, rssBytesMax: 0, eventLoopDelay: NO_LATENCY, stallUsMax: 0 };
