import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/report/html.ts';
import { NO_BREAK } from '../../src/report/line.ts';
import { html } from '../../src/report/page/markup.ts';
import {
  failingResult,
  inconclusiveResult,
  partialResult,
  passingResult,
  strangerResult,
  targetResult,
  WORDS_OF_OUR_SERVER,
} from './sample-result.ts';

describe('renderHtml', () => {
  it('needs nothing from elsewhere and runs no script', () => {
    for (const result of [passingResult(), failingResult(), targetResult()]) {
      const page = renderHtml(result);
      expect(page).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|\son\w+=|src=|href=/i);
    }
  });

  it.each([
    ['pass', passingResult()],
    ['fail', failingResult()],
    ['inconclusive', inconclusiveResult()],
    ['partial', partialResult()],
    ['target', targetResult()],
  ])('closes every element it opens, for a %s result', (_, result) => {
    const open: string[] = [];
    for (const [, closing, name = '', self] of renderHtml(result).matchAll(
      /<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g,
    )) {
      if (closing === '/') expect(open.pop()).toBe(name);
      else if (self !== '/' && name !== 'meta') open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('shows verdict, loss, expectations and anomalies', () => {
    const page = renderHtml(failingResult());
    expect(page).toContain('✗ FAIL</span>delivery guarantee broken');
    expect(page).toContain('<b class="bad">14</b><span>lost silently</span>');
    expect(page).toContain('<code>latency.push{profile:healthy}.p99 &lt; 250ms</code>');
    expect(page).toContain('<summary><b>silent loss</b>');
  });

  it('draws the push histogram, a chart for each series and both colour schemes', () => {
    const page = renderHtml(passingResult());
    expect(page.match(/<rect class="bar"/g)?.length).toBeGreaterThan(20);
    expect(page.match(/<path class="curve"/g)).toHaveLength(6);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('says that evidence is missing for a target', () => {
    const page = renderHtml(targetResult());
    expect(page).toContain('No server-side evidence.');
    expect(page).not.toContain('What the server believes</h3>');
  });

  it('tells of a stranger what became of publishes and connections, in no words of our broadcaster', () => {
    const page = renderHtml(strangerResult()).replaceAll(NO_BREAK, ' ');
    expect(page).toContain('<h2>Connections</h2>');
    expect(page).toContain('37 refused with status 503');
    expect(page).toContain('Publishes: 17 unconfirmed, owed to nobody · 3 rejected');
    expect(page).toContain('Messages: 1 200 with content that was not verified');
    expect(page).toContain('driver json');
    expect(page).not.toMatch(WORDS_OF_OUR_SERVER);
    expect(page).not.toContain('<tbody></tbody>');
    expect(renderHtml(passingResult())).not.toContain('<h2>Connections</h2>');
  });

  it('lets no text become markup', () => {
    const why = '<script>alert("x")</script>';
    const page = renderHtml({ ...failingResult(), reasons: [{ code: 'listener-failed', why }] });
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
  });
});

describe('html', () => {
  it('escapes texts and keeps markup, also in lists', () => {
    const items = ['<a>', "it's"].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}</ul>`.source).toBe(
      '<ul><li title="&lt;a&gt;">&lt;a&gt;</li><li title="it&#39;s">it&#39;s</li></ul>',
    );
  });
});
