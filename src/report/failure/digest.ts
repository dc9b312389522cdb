import type { TraceEvent } from '../../simulation/trace.ts';
import type { Trace } from '../../simulation/trace-run.ts';

/** Events that are only counted: 40 messages, 38 acks. */
export interface Elision {
  readonly kind: 'elision';
  readonly atUs: number;
  readonly text: string;
}

/** Kinds of events that an elision names; the others are only counted. */
const NOUNS_MAX = 3;

/** Faults are worth telling from further away than what became of connections. */
const FAULT_DISTANCE = 0.25;
/** Goes without saying where a hello follows or a connection was just opened. */
const IMPLIED = ['handshake'];

/**
 * The events that tell what happened, and between them how many others there were.
 *
 * What concerns the message comes first; then faults and what became of connections and sessions, the nearest in time
 * to the end of the message, or to the last fault.
 *
 * @param linesMax - events and elisions together
 */
export function digest(trace: Trace, linesMax: number): (TraceEvent | Elision)[] {
  const focusUs = focusOf(trace);
  const ranked = trace.events
    .filter(({ weight }) => weight !== 'traffic')
    .map((event) => ({ event, distance: distanceOf(event, focusUs) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ event }) => event);
  for (let kept = Math.min(ranked.length, linesMax); ; kept -= 1) {
    const pieces = withElisions(trace.events, new Set(ranked.slice(0, kept)));
    if (pieces.length <= linesMax || kept <= 1) return pieces;
  }
}

function distanceOf({ weight, atUs }: TraceEvent, focusUs: number): number {
  if (weight === 'message') return -1;
  return Math.abs(atUs - focusUs) * (weight === 'fault' ? FAULT_DISTANCE : 1);
}

function focusOf({ events }: Trace): number {
  const about = events.findLast(({ weight }) => weight === 'message');
  const fault = events.findLast(({ weight }) => weight === 'fault');
  return (about ?? fault ?? events.at(-1))?.atUs ?? 0;
}

function withElisions(
  events: readonly TraceEvent[],
  kept: ReadonlySet<TraceEvent>,
): (TraceEvent | Elision)[] {
  const pieces: (TraceEvent | Elision)[] = [];
  let skipped: TraceEvent[] = [];
  const elide = (): void => {
    const [first, second] = skipped.filter(({ noun }) => !IMPLIED.includes(noun));
    // One event takes as much room as its elision.
    if (first !== undefined)
      pieces.push(
        second === undefined ? first : { kind: 'elision', atUs: first.atUs, text: countsOf(skipped) },
      );
    skipped = [];
  };
  for (const event of events) {
    if (!kept.has(event)) {
      skipped.push(event);
      continue;
    }
    elide();
    pieces.push(event);
  }
  elide();
  return pieces;
}

function countsOf(events: readonly TraceEvent[]): string {
  const counts = new Map<string, number>();
  for (const { noun, weight } of events) {
    const name = weight === 'traffic' ? noun : 'other event';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const named = sorted.slice(0, NOUNS_MAX).map(([noun, count]) => counted(count, noun));
  const rest = sorted.slice(NOUNS_MAX).reduce((sum, [, count]) => sum + count, 0);
  return [...named, ...(rest === 0 ? [] : [`${rest} more`])].join(', ');
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
