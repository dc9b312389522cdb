import type { ProcessLoss } from '../../delivery/reason.ts';
import type { LatencySummary } from '../../measure/histogram.ts';
import type { Result } from '../../verdict/result.ts';
import {
  formatBytes,
  formatCount,
  formatPerSec,
  formatShare,
  formatUs,
  NO_DATA,
  plural,
} from '../figures.ts';
import { facts, type Line, line, span, type Tone, wrap } from '../line.ts';
import { type Column, table } from '../table.ts';
import { sentenceOf } from '../wording/sentence.ts';

const WORKERS_MAX = 8;

interface ProcessRow {
  readonly name: string;
  readonly clients: string;
  readonly cpuShare: number;
  readonly gcShare?: number | undefined;
  readonly rssBytesMax: number;
  readonly eventLoopDelay: LatencySummary;
  readonly lost?: ProcessLoss | undefined;
}

/** Whether the load can be trusted: a late or exhausted generator measures itself. */
export function generatorLines(result: Result, width: number): Line[] {
  const { generator } = result;
  const rows = processRows(result);
  const hidden = generator.workers.length - WORKERS_MAX;
  return [
    ...facts(summaryFacts(result), width),
    ...generator.reasons.flatMap((reason) => wrap(line(span('• ', 'dim'), sentenceOf(reason)), width, 2)),
    ...facts(slipFacts(generator.scheduleSlip), width),
    ...(rows.length === 0 ? [] : [[], ...table(processColumns(rows), width)]),
    ...(hidden > 0 ? [line(span(`and ${plural(hidden, 'more worker')}`, 'dim'))] : []),
    ...rows.flatMap(({ name, lost }) =>
      lost === undefined ? [] : wrap(line(span(`${name} lost: ${sentenceOf(lost)}`, 'bad')), width, 2),
    ),
  ];
}

function summaryFacts({ generator, rate }: Result): Line[] {
  const { asked, connected, workersLost } = generator;
  const [sign, tone] = statusSign(generator.status);
  const offered = rate.offered === undefined ? '' : ` of ${formatPerSec(rate.offered)} asked`;
  return [
    line(span(`${sign} ${generator.status}`, tone)),
    line(
      span(
        `${formatCount(connected)} of ${plural(asked, 'client')} connected`,
        connected < asked ? 'warn' : 'plain',
      ),
    ),
    line(`${formatPerSec(rate.published)} published${offered}`),
    line(`${formatPerSec(rate.delivered)} delivered`),
    ...(rate.deliveredBytes === undefined ? [] : [line(`${formatBytes(rate.deliveredBytes)}/s of payload`)]),
    ...(workersLost > 0 ? [line(span(`${plural(workersLost, 'worker')} lost`, 'bad'))] : []),
  ];
}

function statusSign(status: Result['generator']['status']): [string, Tone] {
  switch (status) {
    case 'valid':
      return ['✓', 'good'];
    case 'suspect':
      return ['?', 'warn'];
    case 'invalid':
      return ['✗', 'bad'];
  }
}

function slipFacts(slip: LatencySummary): Line[] {
  if (slip.count === 0) return [line(span(`${NO_DATA} schedule slip`, 'dim'))];
  const { p50, p99, max } = slip;
  return [
    line(`schedule slip p50 ${formatUs(p50)}`),
    line(`p99 ${formatUs(p99)}`),
    line(`max ${formatUs(max)}`),
  ];
}

function processRows({ generator: { workers, server } }: Result): ProcessRow[] {
  const clients = workers.slice(0, WORKERS_MAX).map(({ worker, clients, ...use }) => ({
    ...use,
    name: `worker ${worker}`,
    clients: formatCount(clients),
  }));
  return server === undefined ? clients : [...clients, { ...server, name: 'server', clients: '–' }];
}

function processColumns(rows: readonly ProcessRow[]): Column[] {
  const texts = (title: string, of: (row: ProcessRow) => string): Column => ({
    title,
    cells: rows.map((row) => line(of(row))),
  });
  const delay = (of: (summary: LatencySummary) => number) => (row: ProcessRow) =>
    row.eventLoopDelay.count === 0 ? NO_DATA : formatUs(of(row.eventLoopDelay));
  return [
    { ...texts('', ({ name }) => name), align: 'left' },
    { ...texts('clients', ({ clients }) => clients), dispensable: 1 },
    texts('cpu', ({ cpuShare }) => formatShare(cpuShare)),
    {
      ...texts('gc', ({ gcShare }) => (gcShare === undefined ? NO_DATA : formatShare(gcShare))),
      dispensable: 3,
    },
    texts('rss max', ({ rssBytesMax }) => formatBytes(rssBytesMax)),
    texts(
      'loop p99',
      delay(({ p99 }) => p99),
    ),
    {
      ...texts(
        'loop max',
        delay(({ max }) => max),
      ),
      dispensable: 2,
    },
  ];
}
