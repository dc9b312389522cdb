import type { Result } from '../verdict/result.ts';
import { formatBytes, plural } from './figures.ts';
import { layOut, reportWidth } from './layout.ts';
import { facts, type Line, line, span } from './line.ts';
import { anomalyLines } from './section/anomalies.ts';
import { capacityLines } from './section/capacity.ts';
import { connectionLines } from './section/connections.ts';
import { deliveryLines } from './section/delivery.ts';
import { expectLines } from './section/expect.ts';
import { faultLines } from './section/faults.ts';
import { generatorLines } from './section/generator.ts';
import { latencyLines } from './section/latency.ts';
import { saturationLines } from './section/saturation.ts';
import { serviceLines } from './section/services.ts';
import { verdictLines } from './section/verdict.ts';
import { type Appearance, paint } from './terminal.ts';

/**
 * The report for a terminal. Sections come in the order of the questions a person has: did it pass, what was
 * expected, what was lost, how late, what did it cost, can the numbers be trusted, what was done to it.
 */

const SECTIONS: readonly (readonly [string, (result: Result, width: number) => Line[]])[] = [
  ['VERDICT', verdictLines],
  ['EXPECT', expectLines],
  ['CAPACITY', capacityLines],
  ['DELIVERY', deliveryLines],
  ['CONNECTIONS', connectionLines],
  ['LATENCY', latencyLines],
  ['SATURATION', saturationLines],
  ['SERVICES', serviceLines],
  ['GENERATOR', generatorLines],
  ['FAULTS', faultLines],
  ['ANOMALIES', anomalyLines],
];

export function renderText(result: Result, appearance: Appearance): string {
  const width = reportWidth(appearance);
  const sections = SECTIONS.map(
    ([label, section]) => [label, (columns: number) => section(result, columns)] as const,
  );
  return paint([...layOut(sections, width), ...footer(result, width)], { ...appearance, width });
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
