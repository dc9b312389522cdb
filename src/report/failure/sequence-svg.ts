import type { Mark, Travel } from '../../simulation/trace.ts';
import type { Trace } from '../../simulation/trace-run.ts';
import type { Violation } from '../../simulation/violation.ts';
import { explain } from '../wording/sentence.ts';
import { violationHeadline } from '../wording/violation.ts';
import { type SequenceRow, sequenceRows } from './sequence-rows.ts';
import { instant } from './timeline.ts';

/** Places of the lifelines and of what stands around them, px. */
const WIDTH = 860;
const TIME_END = 84;
const LIFELINES = { client: 110, network: 450, server: 790 } as const;
const LABEL_GAP = 14;
const HEAD = 96;
const FOOT = 56;
const ROW = 26;
/** How far down an arrow ends that arrives, or gets lost, before anything else happens. */
const WHOLE_DROP = 7;
const SIGN = 5;

const STYLE = `
  svg { color-scheme: light dark; --paper: #ffffff; --ink: #1c2330; --dim: #6a7282; --line: #b9c0cc;
    --message: #0b62c4; --fault: #b45309; --lost: #c81e1e; }
  @media (prefers-color-scheme: dark) { svg { --paper: #14181f; --ink: #e3e7ee; --dim: #98a1b0; --line: #4a5362;
    --message: #6cb2ff; --fault: #f5a94a; --lost: #ff7a70; } }
  text { font: 13px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; fill: var(--ink); }
  .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
  .title { font-size: 17px; font-weight: 600; } .name { font-weight: 600; }
  .dim { fill: var(--dim); } .time { font-variant-numeric: tabular-nums; fill: var(--dim); }
  .lifeline { stroke: var(--line); stroke-width: 2; } .network { stroke-dasharray: 2 5; }
  .way { stroke: var(--ink); stroke-width: 1.4; fill: none; } .tip { fill: var(--ink); stroke: none; }
  .message .way { stroke: var(--message); stroke-width: 2.2; } .message .tip { fill: var(--message); }
  text.message { fill: var(--message); font-weight: 600; } .dot { fill: var(--ink); }
  .dot.message { fill: var(--message); } .dot.fault, text.fault { fill: var(--fault); }
  text.fault { font-weight: 600; } .cut { stroke: var(--lost); stroke-width: 2.6; fill: none; }
`;

/** The sequence diagram as a picture: one file that needs no other, in light and in dark. */
export function drawSequenceSvg(trace: Trace, violation: Violation): string {
  const rows = sequenceRows(trace);
  const height = HEAD + rows.length * ROW + FOOT;
  const title = violationHeadline(violation);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title><desc>${escaped(explain(violation))}</desc><style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" style="fill: var(--paper)"/>`,
    label(24, 32, title, 'title'),
    label(24, 54, explain(violation), 'dim'),
    lifelines(trace.client, height),
    ...rows.map((row, place) => drawRow(row, place, rows, trace.originUs)),
    legend(height - 20),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function lifelines(client: number, height: number): string {
  const names = { client: `client c${client}`, network: 'network', server: 'server' };
  return (['client', 'network', 'server'] as const)
    .map((lifeline) => {
      const x = LIFELINES[lifeline];
      const line = `<line class="lifeline ${lifeline}" x1="${x}" x2="${x}" y1="${HEAD - 8}" y2="${height - FOOT + 6}"/>`;
      return label(x, HEAD - 16, names[lifeline], 'name', 'middle') + line;
    })
    .join('\n');
}

function legend(y: number): string {
  const about = `<circle class="dot message" cx="426" cy="${y - 4}" r="${SIGN}"/>`;
  return [
    diamond(LIFELINES.client, y - 4),
    label(LIFELINES.client + LABEL_GAP, y, 'fault', 'dim'),
    `<circle class="dot" cx="196" cy="${y - 4}" r="${SIGN}"/>`,
    label(210, y, 'event', 'dim'),
    cross(282, y - 4),
    label(296, y, 'lost on the way', 'dim'),
    about,
    label(440, y, 'about the message concerned', 'dim'),
  ].join('');
}

function drawRow(row: SequenceRow, place: number, rows: readonly SequenceRow[], originUs: number): string {
  const y = heightOf(place);
  if (row.kind === 'elision') return label(LIFELINES.client + LABEL_GAP, y + 4, `… ${row.text}`, 'dim halo');
  const time = label(TIME_END, y + 4, instant(row.atUs, originUs).trim(), 'time', 'end');
  switch (row.kind) {
    case 'mark':
      return time + drawMark(row.mark, y);
    case 'departure': {
      const arrival = rows.findIndex((other) => other.kind === 'arrival' && other.travel === row.travel);
      return time + drawTravel(row.travel, y, arrival < 0 ? y + WHOLE_DROP : heightOf(arrival));
    }
    case 'arrival':
      return time;
  }
}

function heightOf(place: number): number {
  return HEAD + place * ROW + ROW / 2;
}

function drawMark({ place, label: text, weight }: Mark, y: number): string {
  const x = LIFELINES[place];
  const dot =
    weight === 'fault' ? diamond(x, y) : `<circle class="dot ${weight}" cx="${x}" cy="${y}" r="${SIGN}"/>`;
  return dot + endLabel(place, y + 4, text, weight);
}

function drawTravel({ direction, label: text, weight, arrivedUs }: Travel, y: number, endY: number): string {
  const [from, to] = direction === 'up' ? (['client', 'server'] as const) : (['server', 'client'] as const);
  const step = direction === 'up' ? 1 : -1;
  const lost = arrivedUs === undefined;
  const endX = lost ? LIFELINES.network : LIFELINES[to] - step * 3;
  const way = `<line class="way" x1="${LIFELINES[from]}" y1="${y}" x2="${endX}" y2="${endY}"/>`;
  const end = lost ? cross(endX, endY) : tip(endX, endY, step);
  return `<g class="${weight}">${way}${end}</g>${endLabel(from, y - 4, text, weight)}`;
}

function tip(x: number, y: number, step: 1 | -1): string {
  const back = x - step * 9;
  return `<path class="tip" d="M${x} ${y}L${back} ${y - 4.5}L${back} ${y + 3.5}Z"/>`;
}

function cross(x: number, y: number): string {
  return `<path class="cut" d="M${x - SIGN} ${y - SIGN}L${x + SIGN} ${y + SIGN}M${x + SIGN} ${y - SIGN}L${x - SIGN} ${y + SIGN}"/>`;
}

function diamond(x: number, y: number): string {
  const r = SIGN + 1.5;
  return `<path class="dot fault" d="M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z"/>`;
}

/** Beside the lifeline of an end, on the side of the network. */
function endLabel(place: 'client' | 'server', y: number, text: string, style: string): string {
  const client = place === 'client';
  const x = LIFELINES[place] + (client ? LABEL_GAP : -LABEL_GAP);
  return label(x, y, text, `${style} halo`, client ? 'start' : 'end');
}

function label(x: number, y: number, text: string, style: string, anchor = 'start'): string {
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
