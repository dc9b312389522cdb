import type { Belief, DeliveryCounts } from '../../delivery/judgement.ts';
import type { Result } from '../../verdict/result.ts';
import { formatCount, formatShare, plural } from '../figures.ts';
import { LABEL_WIDTH } from '../layout.ts';
import { facts, type Line, line, padEnd, span, type Tone, wrap } from '../line.ts';
import { type Column, table } from '../table.ts';
import {
  deadLetterFacts,
  lossReasons,
  oddities,
  trafficFacts,
  unmatchedFacts,
  upstreamFacts,
} from '../wording/result.ts';
import { isStranger, publishingFacts, receivedFacts } from '../wording/target.ts';

/** Silent against reported loss first; then who it happened to; then everything else that is not 0. */
export function deliveryLines(result: Result, width: number): Line[] {
  return [
    ...headlineLines(result.delivery, width),
    [],
    ...table(profileColumns(result), width),
    [],
    ...detailLines(result.delivery, width),
    ...moreLines(result, width),
    ...(isStranger(result) ? [] : [[], ...beliefLines(result, width)]),
  ];
}

function headlineLines(delivery: DeliveryCounts, width: number): Line[] {
  if (delivery.owed === 0) return wrap(line(span('nothing was owed to anybody', 'warn')), width);
  const { silent, reported } = delivery.lost;
  return facts(
    [
      line(span(`${formatCount(silent)} lost silently`, silent > 0 ? 'bad' : 'good')),
      line(span(`${formatCount(reported)} lost and reported`, reported > 0 ? 'warn' : 'plain')),
      line(`${formatCount(delivery.delivered)} of ${formatCount(delivery.owed)} owed delivered`),
      line(formatShare(delivery.delivered / delivery.owed)),
    ],
    width,
  );
}

function profileColumns(result: Result): Column[] {
  const profiles = Object.entries(result.profiles).map(([name, { delivery }]) => ({ name, delivery }));
  const rows = profiles.length === 1 ? profiles : [...profiles, { name: 'all', delivery: result.delivery }];
  const numbers = (title: string, of: (counts: DeliveryCounts) => number, tone: Tone = 'plain'): Column => ({
    title,
    cells: rows.map(({ delivery }) => countCell(of(delivery), tone)),
  });
  const occasional = (
    column: Column,
    of: (counts: DeliveryCounts) => number,
    dispensable: number,
  ): Column[] => (of(result.delivery) > 0 ? [{ ...column, dispensable }] : []);
  return [
    {
      title: '',
      align: 'left',
      cells: rows.map(({ name }) => line(span(name, name === 'all' ? 'dim' : 'plain'))),
    },
    numbers('owed', ({ owed }) => owed),
    numbers('delivered', ({ delivered }) => delivered),
    numbers('silent', ({ lost }) => lost.silent, 'bad'),
    numbers('reported', ({ lost }) => lost.reported, 'warn'),
    { ...numbers('duplicates', ({ duplicates }) => duplicates.handled, 'warn'), dispensable: 1 },
    ...occasional(
      numbers('unresolved', ({ unresolved }) => unresolved, 'warn'),
      ({ unresolved }) => unresolved,
      2,
    ),
    ...occasional(
      numbers('late', ({ late }) => late, 'warn'),
      ({ late }) => late,
      3,
    ),
  ];
}

function countCell(count: number, tone: Tone): Line {
  return line(span(formatCount(count), count === 0 ? 'dim' : tone));
}

function detailLines(delivery: DeliveryCounts, width: number): Line[] {
  const reasons = lossReasons(delivery).map(({ reason, count }) => `${formatCount(count)} ${reason}`);
  const published = { label: 'published', parts: [plural(delivery.published, 'message')] };
  const rows = [
    published,
    ...(reasons.length > 0 ? [{ label: 'reported as', parts: reasons }] : []),
    ...oddities(delivery),
  ];
  const lines = rows.flatMap(({ label, parts }) => labelled(label, parts, width));
  const clean = delivery.delivered > 0 && oddities(delivery).every(({ label }) => label === 'open');
  return clean
    ? [...lines, ...wrap(line(span('no duplicate, reordered, phantom or corrupt delivery', 'dim')), width)]
    : lines;
}

/** The other direction, what was given up, and what it cost. */
function moreLines(result: Result, width: number): Line[] {
  const upstream = upstreamFacts(result).map(({ text, tone }) => line(span(text, tone)));
  return [
    ...(upstream.length === 0 ? [] : beside('upstream', facts(upstream, width - LABEL_WIDTH))),
    ...rowUnlessEmpty('publishes', publishingFacts(result), width),
    ...rowUnlessEmpty('messages', receivedFacts(result), width),
    ...rowUnlessEmpty('dead letters', deadLetterFacts(result), width),
    ...rowUnlessEmpty('traffic', trafficFacts(result), width),
    ...rowUnlessEmpty('unmatched', unmatchedFacts(result), width),
  ];
}

function rowUnlessEmpty(label: string, parts: readonly string[], width: number): Line[] {
  return parts.length === 0 ? [] : labelled(label, parts, width);
}

function labelled(label: string, parts: readonly string[], width: number): Line[] {
  const tone = label === 'wrong' ? 'bad' : 'plain';
  return beside(
    label,
    facts(
      parts.map((part) => line(span(part, tone))),
      width - LABEL_WIDTH,
    ),
  );
}

function beside(label: string, body: readonly Line[]): Line[] {
  const head = padEnd(line(span(label, 'dim')), LABEL_WIDTH);
  return body.map((each, index) => [...(index === 0 ? head : [span(' '.repeat(LABEL_WIDTH))]), ...each]);
}

function beliefLines({ belief, serverEvidence }: Result, width: number): Line[] {
  if (belief === undefined || !serverEvidence) {
    return wrap(line(span('no server-side evidence: what the server believes is unknown', 'dim')), width);
  }
  const lines = table(beliefColumns(belief), width);
  if (belief.deliveredNotHandled === 0) return lines;
  const count = formatCount(belief.deliveredNotHandled);
  return [
    ...lines,
    ...wrap(
      line(span(`${count} believed delivered and never handled: no metric of the server shows these`, 'bad')),
      width,
    ),
  ];
}

function beliefColumns(belief: Belief): Column[] {
  return [
    {
      title: 'the server believes',
      align: 'left',
      cells: [line('delivered'), line('dropped'), line('pending')],
    },
    {
      title: 'handled',
      cells: [
        countCell(belief.deliveredHandled, 'plain'),
        countCell(belief.droppedHandled, 'warn'),
        countCell(belief.pendingHandled, 'plain'),
      ],
    },
    {
      title: 'never handled',
      cells: [
        countCell(belief.deliveredNotHandled, 'bad'),
        countCell(belief.droppedNotHandled, 'plain'),
        countCell(belief.pendingNotHandled, 'plain'),
      ],
    },
  ];
}
