import { printableParagraph } from '../text/printable.ts';
import type { Result } from '../verdict/result.ts';
import { formatBytes, formatUs, plural } from './figures.ts';
import { html, Markup, NOTHING } from './page/markup.ts';
import {
  anomalySection,
  connectionSection,
  deliverySection,
  expectSection,
  faultSection,
  generatorSection,
  latencySection,
  saturationSection,
  serviceSection,
} from './page/sections.ts';
import { STYLE } from './page/style.ts';
import { clientCount, headline, STATUS_SIGN, targetOf } from './wording/result.ts';
import { sentenceOf } from './wording/sentence.ts';

/** One page that needs nothing else: no script, no font, no picture from elsewhere. */
export function renderHtml(result: Result): string {
  const { scenario, verdict, environment } = result;
  const { wsdeliver, node, platform, cpus, memoryBytes, startedAt } = environment;
  const machine = `${platform} · ${plural(cpus, 'cpu')} · ${formatBytes(memoryBytes)}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${verdict} · ${scenario.name} · wsdeliver</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${banner(result)}
${expectSection(result)}${deliverySection(result)}${connectionSection(result)}${latencySection(result)}${saturationSection(result)}${serviceSection(result)}${generatorSection(result)}${faultSection(result)}${anomalySection(result)}<footer>wsdeliver ${wsdeliver} · node ${node} · ${machine} · ${startedAt}</footer>
</main>
</body>
</html>
`.source;
}

function banner(result: Result): Markup {
  const { scenario, verdict, exitCode, environment, reasons, partial } = result;
  const target = targetOf(result);
  const { sign, tone } = STATUS_SIGN[verdict];
  const subject = [
    scenario.name,
    `seed ${scenario.seed}`,
    clientCount(result),
    formatUs(environment.durationMs * 1000),
    `exit ${exitCode}`,
    ...(target === undefined ? [] : [target]),
    ...(partial === true ? ['interrupted'] : []),
  ];
  return html`<header class="banner ${tone}"><h1><span class="word">${sign} ${verdict.toUpperCase()}</span>${headline(result)}</h1>
<p class="soft">${subject.join(' · ')}</p><p>${printableParagraph(scenario.description ?? '')}</p>${reasons.length === 0 ? NOTHING : html`<ul>${reasons.map((reason) => html`<li>${sentenceOf(reason)}</li>`)}</ul>`}</header>`;
}
