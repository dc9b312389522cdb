import { type AnomalyKind, gravity } from '../../delivery/anomaly.ts';
import type { Anomaly } from '../../delivery/judgement.ts';
import type { Result } from '../../verdict/result.ts';
import { formatAt, formatCount } from '../figures.ts';
import { facts, type Line, line, padStart, span, type Tone, wrap } from '../line.ts';
import { anomalyTally, anomalyTone, spaced } from '../wording/result.ts';
import { explain, sentenceOf } from '../wording/sentence.ts';
import { sayStage } from '../wording/stage.ts';

const EXAMPLES_MAX = 4;
/** Where the level of delivery allows what was seen, an example of what it looks like is enough. */
const ALLOWED_EXAMPLES_MAX = 1;
const EVENTS_MAX = 9;
const EVENTS_AT_END = 5;

/** How many of each kind, the gravest first, then an example or two with what led to it. */
export function anomalyLines(result: Result, width: number): Line[] {
  const counts = anomalyTally(result);
  if (counts.length === 0 && result.anomalies.length === 0) return [line(span('none', 'dim'))];
  const allowed = result.guarantee.status === 'pass' && result.verdict !== 'fail';
  const toneOf = (kind: AnomalyKind): Tone => (allowed ? 'plain' : anomalyTone(kind));
  const examples = worst(result.anomalies, allowed ? ALLOWED_EXAMPLES_MAX : EXAMPLES_MAX);
  return [
    ...facts(
      [
        ...counts.map(({ kind, count }) =>
          line(span(`${spaced(kind)} ×${formatCount(count)}`, toneOf(kind))),
        ),
        ...(allowed ? [line(span(allowedBy(result), 'dim'))] : []),
      ],
      width,
    ),
    ...examples.flatMap((anomaly) => [[], ...exampleLines(anomaly, width, allowed)]),
  ];
}

function allowedBy({ guarantee, defect }: Result): string {
  const isKnown = defect !== undefined && guarantee.reasons.length > 0;
  return isKnown ? `known of ${defect.of}` : `allowed: ${guarantee.level}`;
}

/** One of each kind before a second of any. */
function worst(anomalies: readonly Anomaly[], examplesMax: number): Anomaly[] {
  const seen = new Map<string, number>();
  const ranked = anomalies
    .toSorted((a, b) => gravity(a.kind) - gravity(b.kind))
    .map((anomaly) => {
      const turn = seen.get(anomaly.kind) ?? 0;
      seen.set(anomaly.kind, turn + 1);
      return { anomaly, turn };
    });
  return ranked
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, examplesMax)
    .map(({ anomaly }) => anomaly);
}

function exampleLines(anomaly: Anomaly, width: number, allowed: boolean): Line[] {
  const { kind, session, message, stage, timeline } = anomaly;
  const who = [
    ...(message === '' ? [] : [line(`message ${message}`)]),
    ...(session === '' ? [] : [line(`session ${session}`)]),
    ...(stage === undefined ? [] : [line(span(sayStage(stage), 'warn'))]),
  ];
  const title = line(allowed ? span(`• ${spaced(kind)}`) : span(`✗ ${spaced(kind)}`, anomalyTone(kind)));
  return [
    ...facts([title, ...who], width, 2),
    ...wrap(line('  ', span(explain(anomaly), 'plain')), width, 2),
    ...timelineLines(timeline, width),
  ];
}

function timelineLines(timeline: Anomaly['timeline'], width: number): Line[] {
  const instants = timeline.map(({ atMs }) => formatAt(atMs));
  const column = Math.max(0, ...instants.map(({ length }) => length)) + 2;
  const lines = timeline.map((event, index) => {
    const instant = padStart(line(span(instants[index] ?? '', 'dim')), column);
    return wrap([...instant, span('  '), span(sentenceOf(event), 'dim')], width, column + 2);
  });
  const hidden = lines.length - EVENTS_MAX;
  if (hidden <= 0) return lines.flat();
  const gap = line(' '.repeat(column), span(`  … ${formatCount(hidden)} more`, 'dim'));
  return [...lines.slice(0, EVENTS_MAX - EVENTS_AT_END).flat(), gap, ...lines.slice(-EVENTS_AT_END).flat()];
}
