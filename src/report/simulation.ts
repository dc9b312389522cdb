import type { LostJob } from '../simulation/job-pool.ts';
import type { SimulationSummary } from '../simulation/summary.ts';
import { formatCount, formatPerSec, plural } from './figures.ts';
import { layOut, reportWidth, type SectionLines } from './layout.ts';
import { facts, justify, type Line, line, NO_BREAK, span, wrap } from './line.ts';
import { type Appearance, paint } from './terminal.ts';
import { STATUS_SIGN, type Status, spaced } from './wording/result.ts';
import { explain, sentenceOf } from './wording/sentence.ts';
import { sayStage } from './wording/stage.ts';

/** Kinds of trouble that are told one by one. */
const GROUPS_MAX = 10;
const SECONDS = { minute: 60, hour: 3600, day: 86_400 };

/** What the seeds of one scenario came to, for a terminal. */
export function renderSimulation(summary: SimulationSummary, appearance: Appearance): string {
  const width = reportWidth(appearance);
  const sections: readonly (readonly [string, SectionLines])[] = [
    ['VERDICT', (columns) => verdictLines(summary, columns)],
    ['VIOLATIONS', (columns) => violationLines(summary, columns)],
    ['UNDECIDED', (columns) => inconclusiveLines(summary, columns)],
    ['REACHED', (columns) => coverageLines(summary, true, columns)],
    ['NEVER', (columns) => coverageLines(summary, false, columns)],
  ];
  return paint(layOut(sections, width), { ...appearance, width });
}

/** Pass or fail in a line. */
export function simulationHeadline(summary: SimulationSummary): string {
  const { seeds, failed, inconclusive } = summary;
  const ran = `${plural(seeds.done, 'seed')}`;
  if (failed > 0) return `${formatCount(failed)} of ${ran} violate what was promised`;
  if (inconclusive.length > 0) return `${ran} without a violation, some of which prove nothing`;
  return `${ran} without a violation`;
}

/** How it goes, in one line; what matters least comes last, and is cut where there is too little room. */
export function formatSimulationProgress(state: {
  readonly name: string;
  readonly done: number;
  /** Absent: as many as the time allows. */
  readonly asked?: number;
  readonly failed: number;
  readonly simulatedMs: number;
  readonly wallMs: number;
}): string {
  const { name, done, asked, failed, simulatedMs, wallMs } = state;
  const perSec = wallMs > 0 ? (done * 1000) / wallMs : 0;
  const of = asked === undefined ? '' : `/${formatCount(asked)}`;
  const parts = [
    `${name}  ${formatCount(done)}${of} seeds`,
    failed === 0 ? 'no failure' : `${formatCount(failed)} failed`,
    `${formatPerSec(perSec)}`,
    `${formatLong(simulatedMs)} in ${formatLong(wallMs)}`,
  ];
  return parts.join('  ').replaceAll(NO_BREAK, ' ');
}

function verdictLines(summary: SimulationSummary, width: number): Line[] {
  const { scenario, explored, seeds, exitCode, simulatedMs, wallMs, jobs, events, notes } = summary;
  const status = statusOf(summary);
  const { sign, tone } = STATUS_SIGN[status];
  const title = wrap(
    line(span(`${sign} ${status.toUpperCase()}`, tone), '  ', span(simulationHeadline(summary), 'strong')),
    width,
    2,
  );
  const exit = line(span(`exit ${exitCode}`, 'dim'));
  const perSec = wallMs > 0 ? (seeds.done * 1000) / wallMs : 0;
  const last = seeds.from + seeds.done - 1;
  return [
    ...(title.length === 1 ? [justify(title[0] ?? [], exit, width)] : title),
    ...facts(
      [
        line(span(scenario.name, 'accent')),
        line(seeds.done > 1 ? `seeds ${seeds.from} to ${last}` : `seed ${seeds.from}`),
        line(explored ? 'faults and settings drawn' : 'faults of the scenario'),
        line('simulated'),
      ],
      width,
    ),
    ...facts(
      [
        line(`${formatLong(simulatedMs)} of virtual time in ${formatLong(wallMs)}`),
        line(`${formatPerSec(perSec).replace('/s', '')}${NO_BREAK}seeds/s`),
        line(plural(jobs, 'job')),
        line(plural(events, 'wire event')),
      ],
      width,
    ),
    ...notes.flatMap((note) => wrap(line(span('• ', 'dim'), span(note, 'warn')), width, 2)),
  ];
}

function statusOf({ exitCode, failed }: SimulationSummary): Status {
  if (exitCode === 0) return 'pass';
  return failed > 0 ? 'fail' : 'inconclusive';
}

function violationLines({ violations, seeds }: SimulationSummary, width: number): Line[] {
  return limited(
    violations,
    width,
    ({ kind, direction, stage, cause, seeds: count, firstSeed, client, reproduce }) => {
      const where = [sayStage(stage), client === undefined ? '' : `client ${client}`].filter(
        (part) => part !== '',
      );
      return [
        ...wrap(
          line(
            span(spaced(kind), 'bad'),
            where.length === 0 ? '' : ` (${where.join(', ')})`,
            `  ${formatCount(count)} of ${plural(seeds.done, 'seed')}, first ${firstSeed}`,
          ),
          width,
          2,
        ),
        ...wrap(line('  ', span(explain({ cause, direction }), 'dim')), width, 2),
        ...wrap(line('  ', reproduce), width, 4),
      ];
    },
  );
}

function inconclusiveLines({ inconclusive, seeds }: SimulationSummary, width: number): Line[] {
  return limited(inconclusive, width, ({ reason, seeds: count, firstSeed, reproduce }) => [
    ...wrap(
      line(
        span(sentenceOf(reason), 'warn'),
        `  ${formatCount(count)} of ${plural(seeds.done, 'seed')}, first ${firstSeed}`,
      ),
      width,
      2,
    ),
    ...wrap(line('  ', reproduce), width, 4),
  ]);
}

function limited<T>(groups: readonly T[], width: number, linesOf: (group: T) => Line[]): Line[] {
  const hidden = groups.length - GROUPS_MAX;
  const more = hidden > 0 ? wrap(line(span(`and ${plural(hidden, 'more kind')}`, 'dim')), width) : [];
  return [...groups.slice(0, GROUPS_MAX).flatMap(linesOf), ...more];
}

/** A line or more for each group of points, with how many of it were reached. */
function coverageLines({ coverage, seeds }: SimulationSummary, reached: boolean, width: number): Line[] {
  const groups = new Map<string, { name: string; seeds: number }[]>();
  for (const { group, name, seeds: count } of coverage) {
    const known = groups.get(group) ?? [];
    groups.set(group, known);
    known.push({ name, seeds: count });
  }
  const total = coverage.filter((point) => point.seeds > 0 === reached).length;
  if (total === 0) return [];
  const head = reached
    ? `${formatCount(total)} of ${plural(coverage.length, 'fault, state or transition', 'faults, states and transitions')}, with the share of seeds`
    : `${formatCount(total)} that these settings allow`;
  const rows = [...groups].flatMap(([group, points]) => {
    const chosen = points.filter((point) => point.seeds > 0 === reached);
    if (chosen.length === 0) return [];
    const [first = '', ...others] = chosen.map((point) =>
      reached ? `${point.name} ${share(point.seeds, seeds.done)}` : point.name,
    );
    const named = line(span(`${group}: `, 'accent'), first);
    return facts([named, ...others.map((other) => line(other))], width, 2);
  });
  return [...wrap(line(span(head, 'dim')), width), ...rows];
}

function share(part: number, whole: number): string {
  const percent = (part / Math.max(1, whole)) * 100;
  return `${percent < 1 ? '<1' : Math.round(percent)}${NO_BREAK}%`;
}

/** A job that died or hung, for the notes of a summary. */
export function lostJobText({ job, seeds, hung, how }: LostJob): string {
  return `job ${job} ${hung ? 'hung' : 'died'} while ${seeds === undefined ? 'starting' : `running ${seedsText(seeds)}`} (${sentenceOf(how)})`;
}

function seedsText({ from, count }: NonNullable<LostJob['seeds']>): string {
  return count === 1 ? `seed ${from}` : `seeds ${from} to ${from + count - 1}`;
}

/** `850 ms`, `61.9 s`, `1 h 43 min`, `3 d 2 h`: from thousandths to days. */
function formatLong(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${Math.round(ms)}${NO_BREAK}ms`;
  if (seconds < 2 * SECONDS.minute) return `${seconds.toFixed(1)}${NO_BREAK}s`;
  const [unit, size, smaller, part] =
    seconds < 2 * SECONDS.hour
      ? (['min', SECONDS.minute, 's', 1] as const)
      : seconds < 2 * SECONDS.day
        ? (['h', SECONDS.hour, 'min', SECONDS.minute] as const)
        : (['d', SECONDS.day, 'h', SECONDS.hour] as const);
  const whole = Math.floor(seconds / size);
  return `${whole}${NO_BREAK}${unit}${NO_BREAK}${Math.floor((seconds - whole * size) / part)}${NO_BREAK}${smaller}`;
}
