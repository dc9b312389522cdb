import type { Result } from '../run/result.ts';
import { formatBytes, plural } from './figures.ts';
import { facts, type Line, line, padEnd, span } from './line.ts';
import { anomalyLines } from './section/anomalies.ts';
import { capacityLines } from './section/capacity.ts';
import { deliveryLines } from './section/delivery.ts';
import { expectLines } from './section/expect.ts';
import { faultLines } from './section/faults.ts';
import { generatorLines } from './section/generator.ts';
import { latencyLines } from './section/latency.ts';
import { saturationLines } from './section/saturation.ts';
import { verdictLines } from './section/verdict.ts';
import { type Appearance, paint } from './terminal.ts';

/**
 * The report for a terminal. Sections come in the order of the questions a person has: did it pass, what was
 * expected, what was lost, how late, what did it cost, can the numbers be trusted, what was done to it.
 */

type SectionLines = (result: Result, width: number) => Line[];

const SECTIONS: readonly (readonly [string, SectionLines])[] = [
  ['VERDICT', verdictLines],
  ['EXPECT', expectLines],
  ['CAPACITY', capacityLines],
  ['DELIVERY', deliveryLines],
  ['LATENCY', latencyLines],
  ['SATURATION', saturationLines],
  ['GENERATOR', generatorLines],
  ['FAULTS', faultLines],
  ['ANOMALIES', anomalyLines],
];

/** Wider lines are harder to read than they are worth. */
const WIDTH_MAX = 120;
const WIDTH_MIN = 40;
/** From here on, labels stand beside their sections instead of above them. */
const WIDTH_WITH_MARGIN = 76;
const MARGIN = 12;
const INDENT = 2;

export function renderText(result: Result, appearance: Appearance): string {
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, appearance.width));
  const margin = width >= WIDTH_WITH_MARGIN ? MARGIN : INDENT;
  const lines = SECTIONS.flatMap(([label, section]) => {
    const content = section(result, width - margin);
    return content.length === 0 ? [] : [...labelled(label, content, margin), []];
  });
  return paint([...lines, ...footer(result, width)], { ...appearance, width });
}

function labelled(label: string, content: readonly Line[], margin: number): Line[] {
  const head = line(span(label, 'strong'));
  const indented = content.map(
    (each): Line => (each.length === 0 ? each : [span(' '.repeat(margin)), ...each]),
  );
  if (margin < MARGIN) return [head, ...indented];
  return [[...padEnd(head, margin), ...(content[0] ?? [])], ...indented.slice(1)];
}

function footer({ environment }: Result, width: number): Line[] {
  const { wsdeliver, node, platform, cpus, memoryBytes, startedAt } = environment;
  const parts = [
    `wsdeliver ${wsdeliver}`,
    `node ${node}`,
    platform,
    plural(cpus, 'cpu'),
    formatBytes(memoryBytes),
    startedAt,
  ];
  return facts(
    parts.map((part) => line(span(part, 'dim'))),
    width,
  );
}
