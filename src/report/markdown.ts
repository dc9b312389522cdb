import type { DeliveryCounts } from '../delivery/judgement.ts';
import { printable } from '../text/printable.ts';
import { LATENCY_NAMES } from '../verdict/measure-schema.ts';
import type { Result } from '../verdict/result.ts';
import { formatCount, formatShare, formatUs } from './figures.ts';
import { REASONS_MAX } from './layout.ts';
import {
  anomalyTally,
  clientCount,
  deadLetterFacts,
  guaranteeFinding,
  headline,
  LATENCY_LABEL,
  lossReasons,
  type Status,
  spaced,
  targetOf,
  upstreamFacts,
} from './wording/result.ts';
import { sentenceOf } from './wording/sentence.ts';
import type { ServiceOutcome } from './wording/services.ts';
import { connectionRows, publishingFacts, receivedFacts } from './wording/target.ts';

/** A summary for a comment on a change: what failed is in sight, the rest is folded away. */

const SIGN: Readonly<Record<Status, string>> = { pass: '✅', fail: '❌', inconclusive: '⚠️', 'no-data': '⚠️' };

export function renderMarkdown(result: Result): string {
  const { scenario, verdict, reasons, exitCode } = result;
  const blocks = [
    `### ${SIGN[verdict]} ${verdict.toUpperCase()} · ${escapeMarkdown(scenario.name)}`,
    `${headline(result)} · exit ${exitCode} · seed ${scenario.seed} · ${clientCount(result)}${markedTarget(result)}`,
    reasons
      .slice(0, REASONS_MAX)
      .map((reason) => `- ${escapeMarkdown(sentenceOf(reason))}`)
      .join('\n'),
    deliverySentence(result.delivery),
    ...more(result),
    expectations(result),
    folded('Delivery and latency', [profiles(result), latencies(result)]),
    folded('Anomalies', [anomalies(result)]),
    ...(result.services ?? []).map(outputOf),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function markedTarget(result: Result): string {
  const target = targetOf(result);
  return target === undefined ? '' : ` · ${escapeMarkdown(target)}`;
}

function deliverySentence(delivery: DeliveryCounts): string {
  if (delivery.owed === 0) return 'Nothing was owed to anybody.';
  const { silent, reported } = delivery.lost;
  const reasons = lossReasons(delivery).map(({ reason, count }) => `${formatCount(count)} ${reason}`);
  const because = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  const share = formatShare(delivery.delivered / delivery.owed);
  return `**${formatCount(silent)} lost silently**, ${formatCount(reported)} lost and reported${because}; ${formatCount(delivery.delivered)} of ${formatCount(delivery.owed)} owed delivered (${share}).`;
}

/** The other direction, and what was given up. */
function more(result: Result): string[] {
  const upstream = upstreamFacts(result).map(({ text }) => text);
  const rows = [
    ['Upstream', upstream],
    ['Publishes', publishingFacts(result)],
    ['Messages', receivedFacts(result)],
    ['Connections', connectionRows(result).map(({ label, parts }) => `${label} ${parts.join(', ')}`)],
    ['Dead letters', deadLetterFacts(result)],
  ] as const;
  return rows
    .filter(([, parts]) => parts.length > 0)
    .map(([title, parts]) => `${title}: ${escapeMarkdown(parts.join(', '))}`);
}

function expectations(result: Result): string {
  const { guarantee, assertions } = result;
  return tableOf(
    ['', 'expected', 'found'],
    [
      [SIGN[guarantee.status], `guarantee ${guarantee.level}`, escapeMarkdown(guaranteeFinding(result))],
      ...assertions.map(({ text, actualText, status }) => [
        SIGN[status],
        code(text),
        escapeMarkdown(actualText),
      ]),
    ],
  );
}

function profiles({ profiles: all, delivery }: Result): string {
  const named = Object.entries(all).map(([name, { delivery: counts }]) => ({
    name: escapeMarkdown(name),
    counts,
  }));
  const rows = named.length === 1 ? named : [...named, { name: '**all**', counts: delivery }];
  return tableOf(
    ['profile', 'owed', 'delivered', 'silent', 'reported', 'duplicates'],
    rows.map(({ name, counts: { owed, delivered, lost, duplicates } }) => [
      name,
      ...[owed, delivered, lost.silent, lost.reported, duplicates.handled].map(formatCount),
    ]),
  );
}

function latencies({ latency }: Result): string {
  const rows = LATENCY_NAMES.flatMap((name) => {
    const summary = latency[name];
    if (summary === undefined || summary.count === 0) return [];
    return [[LATENCY_LABEL[name], ...[summary.p50, summary.p99, summary.p999, summary.max].map(formatUs)]];
  });
  return rows.length === 0 ? '' : tableOf(['latency', 'p50', 'p99', 'p99.9', 'max'], rows);
}

function anomalies(result: Result): string {
  return anomalyTally(result)
    .map(({ kind, count }) => `- ${spaced(kind)}: ${formatCount(count)}`)
    .join('\n');
}

/** The last words of a service that went wrong. */
function outputOf({ name, output }: ServiceOutcome): string {
  if (output === undefined) return '';
  const lines = output.map((text) => `    ${printable(text)}`);
  return folded(`Last output of ${escapeMarkdown(name)}`, [lines.join('\n')]);
}

function folded(title: string, blocks: readonly string[]): string {
  const content = blocks.filter((block) => block !== '').join('\n\n');
  return content === '' ? '' : `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/** The first column is text, the others are numbers, unless they are words too. */
function tableOf(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const ruler = titles.map((_, index) => (index > 0 && titles.length > 3 ? '---:' : '---'));
  return [titles, ruler, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function escapeMarkdown(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>#|~&@]/g, (sign) => `\\${sign}`);
}

function code(text: string): string {
  return `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
