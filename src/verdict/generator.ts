import type { Lateness, Reason } from '../delivery/reason.ts';
import type { ProcessUse } from '../load/worker-messages.ts';
import type { Histogram } from '../measure/histogram.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { Result } from './result.ts';
import type { RunRecord } from './run-record.ts';

/** From here on what the generator measured of time is doubtful, and from there on worthless. */
const SUSPECT = { slipUs: 20_000, delayUs: 50_000, cpuShare: 0.9, cpuWaitShare: 0.1 };
const INVALID = { slipUs: 200_000, delayUs: 250_000 };

/** How the load generator did: whether what it says about time can be believed. */
export interface GeneratorState {
  /** `invalid`: its times are worthless, and latencies can't be judged. */
  readonly status: Result['generator']['status'];
  /** What was late; the worst first. */
  readonly late: readonly Lateness[];
  readonly longestDelay: Delay;
}

/** How late something was, which shares the machine with the server. */
export type Delay = Result['generator']['longestDelay'];

export function generatorState(record: Pick<RunRecord, 'slip' | 'workers' | 'serverUse'>): GeneratorState {
  const { slip, workers, serverUse } = record;
  const suspect: Lateness[] = [];
  const invalid: Lateness[] = [];
  const weigh = (
    late: Lateness,
    value: number,
    limits: { readonly suspect: number; readonly invalid: number },
  ): void => {
    if (value > limits.invalid) invalid.push(late);
    else if (value > limits.suspect) suspect.push(late);
  };
  const slipUs = slip.quantile(0.99);
  weigh({ code: 'schedule-slipped', p99Us: slipUs }, slipUs, {
    suspect: SUSPECT.slipUs,
    invalid: INVALID.slipUs,
  });
  for (const { use, ...of } of processes(workers, serverUse)) {
    const p99Us = use.eventLoopDelay.p99;
    weigh({ code: 'loop-delayed', ...of, p99Us }, p99Us, {
      suspect: SUSPECT.delayUs,
      invalid: INVALID.delayUs,
    });
    const { cpuWaitShare = 0 } = use;
    if (cpuWaitShare > SUSPECT.cpuWaitShare)
      suspect.push({ code: 'waited-for-cpu', ...of, share: cpuWaitShare });
  }
  for (const { worker, use } of workers)
    if (use !== undefined && use.cpuShare > SUSPECT.cpuShare)
      suspect.push({ code: 'core-used-up', worker, share: use.cpuShare });
  return {
    status: invalid.length > 0 ? 'invalid' : suspect.length > 0 ? 'suspect' : 'valid',
    late: [...invalid, ...suspect],
    longestDelay: longestDelay(record),
  };
}

interface MeasuredProcess {
  readonly of: 'server' | 'worker';
  readonly worker?: number;
  readonly use: ProcessUse;
}

function processes(
  workers: RunRecord['workers'],
  serverUse: RunRecord['serverUse'],
): readonly MeasuredProcess[] {
  const measured = workers.flatMap(({ worker, use }): MeasuredProcess[] =>
    use === undefined ? [] : [{ of: 'worker', worker, use }],
  );
  return serverUse === undefined ? measured : [...measured, { of: 'server', use: serverUse }];
}

function longestDelay({ slip, workers, serverUse }: Parameters<typeof generatorState>[0]): Delay {
  const delays: readonly Delay[] = [
    { of: 'schedule', us: slip.maxUs },
    { of: 'server', us: serverUse?.stallUsMax ?? 0 },
    ...workers.map(({ worker, use }) => ({ of: 'worker' as const, worker, us: use?.stallUsMax ?? 0 })),
  ];
  return delays.reduce((longest, next) => (next.us > longest.us ? next : longest));
}

export function generatorReasons({ status, late }: GeneratorState): Reason[] {
  if (status === 'valid') return [];
  return late.map((one) => ({ code: 'generator-late', status, late: one }));
}

export function generatorDocument(
  record: RunRecord,
  { status, late, longestDelay: delay }: GeneratorState,
  summarise: (histogram: Histogram) => ReturnType<Histogram['summarise']>,
): Result['generator'] {
  return {
    status,
    reasons: [...late],
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
