import { gravity } from '../../delivery/anomaly.ts';
import type { Anomaly, DeliveryCounts } from '../../delivery/judgement.ts';
import type { LatencySummary } from '../../measure/histogram.ts';
import { LATENCY_NAMES } from '../../verdict/measure-schema.ts';
import type { Result } from '../../verdict/result.ts';
import {
  formatAt,
  formatBytes,
  formatCount,
  formatIn,
  formatPerSec,
  formatShare,
  formatUs,
  NO_DATA,
} from '../figures.ts';
import {
  anomalyTally,
  deadLetterFacts,
  guaranteeFinding,
  LATENCY_LABEL,
  LATENCY_MEANING,
  lossReasons,
  oddities,
  STATUS_SIGN,
  type Status,
  spaced,
  trafficFacts,
  unmatchedFacts,
  upstreamFacts,
} from '../wording/result.ts';
import { explain, sentenceOf } from '../wording/sentence.ts';
import { serverRows } from '../wording/server.ts';
import { isServiceSeries, serviceUse } from '../wording/services.ts';
import { sayStage } from '../wording/stage.ts';
import { connectionRows, isStranger, publishingFacts, receivedFacts } from '../wording/target.ts';
import { histogramChart, seriesChart } from './charts.ts';
import { html, type Markup, NOTHING } from './markup.ts';

/** The sections of the page, in the order of the terminal report. */

const ANOMALIES_MAX = 40;

export function expectSection(result: Result): Markup {
  const { guarantee, assertions } = result;
  const rows = [
    expectation(guarantee.status, html`guarantee ${guarantee.level}`, guaranteeFinding(result)),
    ...assertions.map(({ text, actualText, status }) =>
      expectation(status, html`<code>${text}</code>`, actualText),
    ),
  ];
  return section('Expected', grid(['', 'found'], rows, 'found'));
}

function expectation(status: Status, what: Markup, finding: string): Markup {
  const { sign, tone } = STATUS_SIGN[status];
  return html`<tr><td class="wide"><span class="${tone}">${sign}</span> ${what}</td><td class="found wide ${tone}">${finding}</td></tr>`;
}

export function deliverySection(result: Result): Markup {
  const { delivery, profiles } = result;
  const named = Object.entries(profiles).map(([name, { delivery: counts }]) => ({ name, counts }));
  const rows = named.length === 1 ? named : [...named, { name: 'all', counts: delivery }];
  const titles = ['', 'owed', 'delivered', 'silent', 'reported', 'duplicates', 'unresolved', 'late'];
  const details = [
    ...lossReasons(delivery).map(
      ({ reason, count }) => `${formatCount(count)} lost and reported as ${reason}`,
    ),
    ...oddities(delivery).flatMap(({ parts }) => parts),
    ...trafficFacts(result),
  ];
  const more = [
    ['Upstream', upstreamFacts(result).map(({ text }) => text)],
    ['Publishes', publishingFacts(result)],
    ['Messages', receivedFacts(result)],
    ['Dead letters', deadLetterFacts(result)],
    ['Unmatched', unmatchedFacts(result)],
  ] as const;
  const others = more
    .filter(([, parts]) => parts.length > 0)
    .map(([title, parts]) => html`<p>${title}: ${parts.join(' · ')}</p>`);
  return section(
    'Delivery',
    html`<div class="figures">${deliveryFigures(delivery)}</div>${grid(
      titles,
      rows.map(({ name, counts }) => deliveryRow(name, counts)),
    )}
${details.length === 0 ? NOTHING : html`<p class="soft">${details.join(' · ')}</p>`}${others}${belief(result)}`,
  );
}

function deliveryFigures(delivery: DeliveryCounts): Markup[] {
  const { lost, owed, delivered } = delivery;
  return [
    figure(formatCount(lost.silent), 'lost silently', lost.silent > 0 ? 'bad' : 'good'),
    figure(formatCount(lost.reported), 'lost and reported', lost.reported > 0 ? 'warn' : ''),
    figure(
      owed === 0 ? NO_DATA : formatShare(delivered / owed),
      `of ${formatCount(owed)} owed delivered`,
      '',
    ),
    figure(formatCount(delivery.published), 'messages published', ''),
  ];
}

function figure(number: string, label: string, tone: string): Markup {
  return html`<div class="figure"><b class="${tone}">${number}</b><span>${label}</span></div>`;
}

function deliveryRow(
  name: string,
  { owed, delivered, lost, duplicates, unresolved, late }: DeliveryCounts,
): Markup {
  const cell = (count: number, tone: string) =>
    html`<td class="${count === 0 ? 'soft' : tone}">${formatCount(count)}</td>`;
  return html`<tr><td>${name}</td>${cell(owed, '')}${cell(delivered, '')}${cell(lost.silent, 'bad')}${cell(lost.reported, 'warn')}${cell(duplicates.handled, 'warn')}${cell(unresolved, 'warn')}${cell(late, 'warn')}</tr>`;
}

function belief(result: Result): Markup {
  const { belief: known, serverEvidence } = result;
  if (isStranger(result)) return NOTHING;
  if (known === undefined || !serverEvidence)
    return html`<p class="soft">No server-side evidence: what the server believes is unknown.</p>`;
  const rows: [string, number, number][] = [
    ['delivered', known.deliveredHandled, known.deliveredNotHandled],
    ['dropped', known.droppedHandled, known.droppedNotHandled],
    ['pending', known.pendingHandled, known.pendingNotHandled],
  ];
  const body = rows.map(([name, handled, never]) => {
    const tone = name === 'delivered' && never > 0 ? 'bad' : '';
    return html`<tr><td>${name}</td><td>${formatCount(handled)}</td><td class="${tone}">${formatCount(never)}</td></tr>`;
  });
  return html`<h3>What the server believes</h3>${grid(['', 'handled', 'never handled'], body)}`;
}

export function connectionSection(result: Result): Markup {
  const rows = connectionRows(result);
  if (rows.length === 0) return NOTHING;
  return section(
    'Connections',
    html`${rows.map(({ label, parts }) => html`<p>${label}: ${parts.join(' · ')}</p>`)}`,
  );
}

export function latencySection(result: Result): Markup {
  const profiles = Object.entries(result.profiles);
  const rows = LATENCY_NAMES.flatMap((name) => {
    const whole = latencyRow(LATENCY_LABEL[name], result.latency[name], '');
    const parts = name === 'push' && profiles.length > 1 ? profiles : [];
    return [whole, ...parts.map(([profile, { latency }]) => latencyRow(profile, latency[name], 'part'))];
  });
  const { push } = result.latency;
  const warning =
    result.generator.status === 'valid'
      ? NOTHING
      : html`<p class="warn">The generator is ${result.generator.status}: part of this latency may be its own.</p>`;
  const chart =
    push === undefined || push.count === 0
      ? NOTHING
      : html`<figure class="chart"><figcaption><span>push, ${LATENCY_MEANING.push}</span><span class="soft">${formatCount(push.count)} deliveries</span></figcaption>${histogramChart(push, 'histogram of push latency')}</figure>`;
  return section(
    'Latency',
    html`${warning}${chart}${grid(['', 'p50', 'p90', 'p99', 'p99.9', 'max', 'count'], rows)}`,
  );
}

function latencyRow(label: string, summary: LatencySummary | undefined, kind: string): Markup {
  if (summary === undefined) return NOTHING;
  if (summary.count === 0)
    return html`<tr class="${kind}"><td>${label}</td><td colspan="6" class="soft">no samples</td></tr>`;
  const { p50, p90, p99, p999, max, count } = summary;
  const cells = [p50, p90, p99, p999, max].map((us) => html`<td>${formatUs(us)}</td>`);
  return html`<tr class="${kind}"><td>${label}</td>${cells}<td class="soft">${formatCount(count)}</td></tr>`;
}

export function saturationSection(result: Result): Markup {
  const measured = Object.entries(result.saturation).filter(
    ([name, { count }]) => count > 0 && !isServiceSeries(name),
  );
  if (measured.length === 0 && isStranger(result)) return NOTHING;
  const charts = measured.map(([name, series]) => seriesChart(name, series, result.faults));
  const rows = measured.map(
    ([name, { unit, p50, p99, max, final, warning, overWarning }]) =>
      html`<tr><td class="mono">${name}</td>${[p50, p99, max, final].map((value) => html`<td>${formatIn(unit, value)}</td>`)}<td class="${overWarning > 0 ? 'warn' : 'soft'}">${warning === undefined ? '–' : formatShare(overWarning)}</td></tr>`,
  );
  const alerts = result.alerts.map(
    ({ name, count, firstAtMs, detail }) =>
      html`<li><span class="warn">${name} ×${formatCount(count)}</span>, first at ${formatAt(firstAtMs)}: ${detail}</li>`,
  );
  const rowsOfServer = serverRows(result).map(
    ({ label, parts }) => html`<p class="soft">${label}: ${parts.join(' · ')}</p>`,
  );
  const absent = result.serverEvidence ? NOTHING : html`<p class="soft">No server-side evidence.</p>`;
  const content =
    measured.length === 0
      ? NOTHING
      : html`<div class="charts">${charts}</div>${grid(['', 'p50', 'p99', 'max', 'final', 'over warning'], rows)}`;
  return section(
    'Saturation',
    html`${absent}${content}${alerts.length === 0 ? NOTHING : html`<ul>${alerts}</ul>`}${rowsOfServer}`,
  );
}

export function generatorSection({ generator, rate }: Result): Markup {
  const { status, reasons, asked, connected, scheduleSlip, workers, server } = generator;
  const tone = status === 'valid' ? 'good' : status === 'suspect' ? 'warn' : 'bad';
  const slip =
    scheduleSlip.count === 0
      ? 'no samples'
      : `p99 ${formatUs(scheduleSlip.p99)}, max ${formatUs(scheduleSlip.max)}`;
  const processes = [
    ...workers.map(({ worker, clients, lost, ...use }) =>
      processRow(
        `worker ${worker}${lost === undefined ? '' : ` (lost: ${sentenceOf(lost)})`}`,
        formatCount(clients),
        use,
      ),
    ),
    ...(server === undefined ? [] : [processRow('server', '–', server)]),
  ];
  return section(
    'Generator',
    html`<p><span class="${tone}">${status}</span> · ${formatCount(connected)} of ${formatCount(asked)} clients connected · ${formatPerSec(rate.published)} published · ${formatPerSec(rate.delivered)} delivered · schedule slip ${slip}</p>
${reasons.length === 0 ? NOTHING : html`<ul>${reasons.map((reason) => html`<li>${sentenceOf(reason)}</li>`)}</ul>`}${grid(['', 'clients', 'cpu', 'rss max', 'loop p99', 'loop max'], processes)}`,
  );
}

function processRow(
  name: string,
  clients: string,
  { cpuShare, rssBytesMax, eventLoopDelay }: NonNullable<Result['generator']['server']>,
): Markup {
  const { count, p99, max } = eventLoopDelay;
  const delays = [p99, max].map((us) => html`<td>${count === 0 ? NO_DATA : formatUs(us)}</td>`);
  return html`<tr><td>${name}</td><td>${clients}</td><td>${formatShare(cpuShare)}</td><td>${formatBytes(rssBytesMax)}</td>${delays}</tr>`;
}

export function faultSection({ faults }: Result): Markup {
  if (faults.length === 0) return section('Faults', html`<p class="soft">None planned.</p>`);
  const rows = faults.map(({ name, planned, fired, effects, firstFiredMs, firstEffectMs, fidelity }) => {
    const tone = fired === 0 ? 'bad' : fired < planned ? 'warn' : '';
    const instants = [firstFiredMs, firstEffectMs].map(
      (atMs) => html`<td>${atMs === undefined ? '–' : formatAt(atMs)}</td>`,
    );
    return html`<tr><td>${name}</td><td>${formatCount(planned)}</td><td class="${tone}">${formatCount(fired)}</td><td>${formatCount(effects)}</td>${instants}<td class="soft">${fidelity}</td></tr>`;
  });
  return section('Faults', grid(['', 'planned', 'fired', 'effects', 'fired at', 'effect at', 'by'], rows));
}

export function serviceSection(result: Result): Markup {
  const { services = [], saturation } = result;
  if (services.length === 0) return NOTHING;
  const rows = services.map(({ name, port, starts, ends }) => {
    const crashes = ends.filter(({ by }) => by === 'itself').length;
    const used = serviceUse.map(({ of, series, unit }) => {
      const value = of(saturation, name, series);
      return html`<td>${value === undefined ? '–' : formatIn(unit, value)}</td>`;
    });
    return html`<tr><td class="mono">${name}</td><td>${String(port)}</td><td>${formatCount(starts)}</td><td class="${crashes > 0 ? 'bad' : ''}">${formatCount(crashes)}</td>${used}</tr>`;
  });
  const outputs = services.map(({ name, output }) =>
    output === undefined
      ? NOTHING
      : html`<details open><summary>Last output of ${name}</summary><pre>${output.map((text) => html`${text}\n`)}</pre></details>`,
  );
  const titles = ['', 'port', 'starts', 'crashes', ...serviceUse.map(({ title }) => title)];
  return section('Services', html`${grid(titles, rows)}${outputs}`);
}

export function anomalySection(result: Result): Markup {
  const { anomalies } = result;
  const counts = anomalyTally(result).map(({ kind, count }) => `${spaced(kind)} ×${formatCount(count)}`);
  if (counts.length === 0 && anomalies.length === 0)
    return section('Anomalies', html`<p class="soft">None.</p>`);
  const shown = anomalies.toSorted((a, b) => gravity(a.kind) - gravity(b.kind)).slice(0, ANOMALIES_MAX);
  return section(
    'Anomalies',
    html`<p>${counts.join(' · ')}</p>${shown.map((anomaly, index) => anomalyDetails(anomaly, index === 0))}`,
  );
}

function anomalyDetails(anomaly: Anomaly, open: boolean): Markup {
  const { kind, session, message, stage, timeline } = anomaly;
  const who = [
    message === '' ? '' : `message ${message}`,
    session === '' ? '' : `session ${session}`,
    sayStage(stage),
  ]
    .filter((part) => part !== '')
    .join(' · ');
  const events = timeline.map(
    (event) =>
      html`<li><span class="at">${formatAt(event.atMs)}</span><span>${sentenceOf(event)}</span></li>`,
  );
  const head = html`<summary><b>${spaced(kind)}</b> <span class="soft">${who}</span></summary><p>${explain(anomaly)}</p><ol class="timeline">${events}</ol>`;
  return open ? html`<details open>${head}</details>` : html`<details>${head}</details>`;
}

function section(title: string, content: Markup): Markup {
  return html`<section><h2>${title}</h2>${content}</section>\n`;
}

function grid(titles: readonly string[], rows: readonly Markup[], titleClass = ''): Markup {
  const head = titles.map((title) => html`<th class="${titleClass}">${title}</th>`);
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
