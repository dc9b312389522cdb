import type { RunProgress } from '../run/run-progress.ts';
import { gauge } from './bars.ts';
import { formatCount, formatPerSec, formatUs, NO_DATA } from './figures.ts';
import { NO_BREAK, span, textWidth } from './line.ts';

/** What a run knows of itself while it is under way. */
export interface ProgressState {
  readonly phase: string;
  /** Of this phase. */
  readonly elapsedMs: number;
  /** Planned length of this phase; for the drain, its deadline. */
  readonly totalMs: number;
  readonly clientsConnected: number;
  readonly clientsAsked: number;
  readonly publishedPerSec: number;
  readonly deliveredPerSec: number;
  /** All outboxes together; absent without server-side evidence. */
  readonly outboxPending?: number | undefined;
  /** So far; absent before the first delivery. */
  readonly pushP99Us?: number | undefined;
  /** Names of the faults that hold at the moment. */
  readonly faultsActive: readonly string[];
  /** While services are started. */
  readonly starting?: RunProgress['starting'];
}

const GAUGE_WIDTH = 10;

/**
 * One line for a terminal that is redrawn in place: never wider than `width`, and what matters least goes first
 * where there is too little room.
 */
export function formatProgress(state: ProgressState, width: number): string {
  const { phase, elapsedMs, totalMs } = state;
  const share = totalMs > 0 ? elapsedMs / totalMs : 0;
  const head = `${phase} ${gauge(share, GAUGE_WIDTH)} ${timeOf(state)}`;
  const fields = fieldsOf(state);
  for (let kept = fields.length; kept >= 0; kept -= 1) {
    const text = [head, ...fields.slice(0, kept)].join('  ');
    if (textWidth(text) <= width) return plain(text);
  }
  return plain(`${phase} ${timeOf(state)}`).slice(0, Math.max(0, width));
}

/** A line of its own, for logs that keep every line. */
export function formatProgressLine(state: ProgressState): string {
  const head = `[${state.phase} ${timeOf(state)}]`;
  return plain([head, ...fieldsOf(state)].join('  '));
}

/** The most telling first. */
function fieldsOf(state: ProgressState): string[] {
  const { starting } = state;
  if (starting !== undefined)
    return [`starting ${starting.service}`, `${starting.ready} of ${starting.asked} ready`];
  const { clientsConnected, clientsAsked, publishedPerSec, deliveredPerSec, outboxPending, pushP99Us } =
    state;
  const missing = clientsConnected < clientsAsked ? `/${formatCount(clientsAsked)}` : '';
  return [
    `${formatCount(clientsConnected)}${missing} clients`,
    `${formatPerSec(deliveredPerSec)} delivered`,
    `p99 ${pushP99Us === undefined ? NO_DATA : formatUs(pushP99Us)}`,
    ...(state.faultsActive.length > 0 ? [state.faultsActive.join(', ')] : []),
    ...(outboxPending === undefined ? [] : [`${formatCount(outboxPending)} pending`]),
    `${formatPerSec(publishedPerSec)} published`,
  ];
}

/** Of how much, where that is known. */
function timeOf({ elapsedMs, totalMs }: ProgressState): string {
  const planned = totalMs > 0 ? `/${seconds(totalMs)}` : '';
  return `${seconds(elapsedMs)}${planned}${NO_BREAK}s`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function plain(text: string): string {
  return span(text).text.replaceAll(NO_BREAK, ' ');
}
