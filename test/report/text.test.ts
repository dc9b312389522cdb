import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth } from '../../src/report/line.ts';
import { renderText } from '../../src/report/text.ts';
import { sentenceOf } from '../../src/report/wording/sentence.ts';
import type { Result } from '../../src/verdict/result.ts';
import {
  failingResult,
  inconclusiveResult,
  noLatency,
  partialResult,
  passingResult,
  strangerResult,
  targetResult,
  WORDS_OF_OUR_SERVER,
} from './sample-result.ts';

const SAMPLES: readonly (readonly [string, Result])[] = [
  ['pass', passingResult()],
  ['fail', failingResult()],
  ['inconclusive', inconclusiveResult()],
  ['target', targetResult()],
  ['partial', partialResult()],
];
const LABELS = [
  'VERDICT',
  'EXPECT',
  'DELIVERY',
  'CONNECTIONS',
  'LATENCY',
  'SATURATION',
  'GENERATOR',
  'FAULTS',
  'ANOMALIES',
];

function plain(result: Result, width = 100): string {
  return renderText(result, { width, color: false, unicode: true });
}

/** The lines of one section, without its label and margin. */
function sectionOf(text: string, label: string): string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(label));
  const later = [...LABELS.slice(LABELS.indexOf(label) + 1), 'wsdeliver '];
  const to = lines.findIndex((line, at) => at > from && later.some((next) => line.startsWith(next)));
  return lines.slice(from, to).map((line) => line.slice(12));
}

function rowOf(text: string, label: string, start: string): string[] {
  const row = sectionOf(text, label).find((line) => line.trim().startsWith(start)) ?? '';
  return row.trim().split(/ {2,}/);
}

describe('renderText', () => {
  for (const [name, result] of SAMPLES) {
    it.each([60, 80, 120])(`keeps every line of a ${name} result within %i columns`, (width) => {
      for (const unicode of [true, false]) {
        const text = stripVTControlCharacters(renderText(result, { width, color: true, unicode }));
        for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
      }
    });

    it(`has the sections of a ${name} result in their order and no trailing spaces`, () => {
      const lines = plain(result, 80).split('\n');
      const found = lines.flatMap((line) => LABELS.filter((label) => line.startsWith(label)));
      const isTarget = result.target !== undefined;
      expect(found).toEqual(LABELS.filter((label) => isTarget || label !== 'CONNECTIONS'));
      expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    });
  }

  it('prints no colour codes without colour, and the same text with them', () => {
    const colored = renderText(failingResult(), { width: 80, color: true, unicode: true });
    expect(plain(failingResult(), 80)).not.toContain('\u001b');
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(plain(failingResult(), 80));
  });

  it('prints only ASCII without unicode', () => {
    for (const [, result] of SAMPLES) {
      const text = renderText(result, { width: 80, color: false, unicode: false });
      expect(text).toMatch(/^[\n\x20-\x7e]*$/);
      // Every sign of the report has a counterpart; a question mark would be one without.
      expect(
        text.replace(/\? (suspect|guarantee|no samples|recovery|INCONCLUSIVE|latency)/g, ''),
      ).not.toMatch(/\?/);
    }
  });

  it('opens with the verdict, what it means and the exit code', () => {
    expect(plain(failingResult()).split('\n')[0]).toMatch(
      /^VERDICT {5}✗ FAIL {2}delivery guarantee broken +exit 3$/,
    );
    expect(plain(passingResult()).split('\n')[0]).toMatch(
      /✓ PASS {2}every client got what it was owed +exit 0$/,
    );
    expect(plain(partialResult()).split('\n')[0]).toMatch(
      /\? INCONCLUSIVE {2}interrupted before the end +exit 130$/,
    );
  });

  it('blames the guarantee only when it is broken', () => {
    const result = failingResult();
    const kept = { ...result, guarantee: { ...result.guarantee, status: 'pass' as const } };
    expect(plain(kept).split('\n')[0]).toMatch(/✗ FAIL {2}delivery assertion failed +exit 3$/);
  });

  it('gives the reasons under the verdict', () => {
    for (const reason of failingResult().reasons) {
      expect(sectionOf(plain(failingResult(), 120), 'VERDICT')).toContain(`• ${sentenceOf(reason)}`);
    }
  });

  it('puts broken expectations before unproven ones before those that hold', () => {
    const signs = sectionOf(plain(failingResult()), 'EXPECT').map((line) => line.slice(0, 1));
    expect(signs.join('').trim()).toBe('✗✗✗?✓');
  });

  it('says what was found for each expectation', () => {
    expect(rowOf(plain(failingResult()), 'EXPECT', '✗ latency')).toEqual([
      '✗ latency.push{profile:healthy}.p99 < 250ms',
      '412ms',
    ]);
    expect(rowOf(plain(failingResult()), 'EXPECT', '?')).toEqual(['? recovery.p99 < 2s', 'no data']);
  });

  it('heads delivery with silent against reported loss', () => {
    expect(sectionOf(plain(failingResult()), 'DELIVERY')[0]).toBe(
      '14 lost silently · 120 lost and reported · 449 866 of 450 000 owed delivered · 99.970 %',
    );
  });

  it('lists each profile and the sum, with separated thousands', () => {
    expect(rowOf(plain(failingResult()), 'DELIVERY', 'slow')).toEqual([
      'slow',
      '45 000',
      '44 880',
      '0',
      '120',
      '0',
      '5',
    ]);
    expect(rowOf(plain(failingResult()), 'DELIVERY', 'all')).toEqual([
      'all',
      '450 000',
      '449 866',
      '14',
      '120',
      '243',
      '5',
    ]);
  });

  it('sets the belief of the server against what was handled', () => {
    const text = plain(failingResult());
    expect(rowOf(text, 'DELIVERY', 'delivered')).toEqual(['delivered', '449 800', '12']);
    expect(text).toContain('12 believed delivered and never handled');
    expect(plain(passingResult())).not.toContain('believed delivered');
  });

  it('says that evidence is missing for a target, and prints no zeros in its place', () => {
    const text = plain(targetResult());
    expect(sectionOf(text, 'SATURATION').filter((line) => line !== '')).toEqual(['no server-side evidence']);
    expect(sectionOf(text, 'DELIVERY').join('\n')).toContain('no server-side evidence');
    expect(text).not.toContain('the server believes  ');
    expect(text).toContain('target ws://127.0.0.1:8080/socket');
    expect(text).not.toContain('driver');
    expect(plain({ ...targetResult(), driver: 'json' })).toContain(
      'target ws://127.0.0.1:8080/socket, driver json',
    );
  });

  it('tells of a stranger what became of publishes and connections, in no words of our broadcaster', () => {
    const text = plain(strangerResult());
    const connections = sectionOf(text, 'CONNECTIONS').join(' ').replaceAll(/\s+/g, ' ').trim();
    expect(connections).toMatch(
      /^dialled 1 042 times · 1 002 opened · 1 refused with status 429 · 37 refused with status 503 · 2 failed closed/,
    );
    expect(connections).toMatch(
      /closed 12 with 1006 lifetime p50 .* max .* connected 98\.2 % of the time of load$/,
    );
    const delivery = sectionOf(text, 'DELIVERY').join('\n');
    expect(delivery).toContain('17 unconfirmed, owed to nobody · 3 rejected');
    expect(delivery).toContain('1 200 with content that was not verified');
    expect(text).not.toMatch(WORDS_OF_OUR_SERVER);
    expect(text).not.toContain('SATURATION');
  });

  it('says nothing of publishes and connections that were all right, or are our own', () => {
    const publishing = { accepted: 80, rejected: 0, unknown: 0, unconfirmed: 0 };
    const text = plain({ ...strangerResult(), publishing, received: { unverified: 0, foreign: 0 } });
    expect(text).not.toMatch(/unconfirmed|not verified|of others/);
    expect(plain(passingResult())).not.toContain('CONNECTIONS');
  });

  it('claims nothing about deliveries that were not there', () => {
    const text = sectionOf(plain(inconclusiveResult()), 'DELIVERY').join('\n');
    expect(text).toContain('nothing was owed to anybody');
    expect(text).not.toContain('no duplicate');
  });

  it('prints latencies in human units, by profile for pushes', () => {
    const text = plain(failingResult(), 120);
    expect(rowOf(text, 'LATENCY', 'push ')).toEqual([
      'push',
      '2.30 ms',
      '6.17 ms',
      '144 ms',
      '343 ms',
      '343 ms',
      '450 000',
    ]);
    expect(rowOf(text, 'LATENCY', 'slow')[0]).toBe('slow');
    expect(rowOf(text, 'LATENCY', 'fan-out spread')[0]).toBe('fan-out spread');
  });

  it('draws the longest bar for the fullest bucket and marks the median in it', () => {
    const bars = sectionOf(plain(passingResult()), 'LATENCY').filter((line) => line.includes('█'));
    const longest = bars.toSorted((a, b) => a.split('█').length - b.split('█').length).at(-1) ?? '';
    expect(longest.trim()).toMatch(/^2 ms.* 42\.6 % {2}p50$/);
  });

  it('names the latencies without samples', () => {
    const result = passingResult();
    const text = plain({ ...result, latency: { ...result.latency, recovery: noLatency() } });
    expect(sectionOf(text, 'LATENCY').join('\n')).toContain('? no samples of recovery');
  });

  it('warns of the latency when the generator was late', () => {
    expect(sectionOf(plain(failingResult()), 'LATENCY')[0]).toContain('the generator is suspect');
    expect(sectionOf(plain(passingResult()), 'LATENCY').join('\n')).not.toContain('the generator is');
  });

  it('shows saturation with its units, the time over the warning and a curve', () => {
    const row = rowOf(plain(passingResult(), 120), 'SATURATION', 'buffer.max');
    expect(row.slice(0, 6)).toEqual(['buffer.max', '51.4 KiB', '751 KiB', '787 KiB', '0 B', '16.1 %']);
    expect(row[6]).toMatch(/^[▁-█]{10,40}$/);
  });

  it('tells a lost worker and why', () => {
    const text = sectionOf(plain(partialResult()), 'GENERATOR').join('\n');
    expect(text).toContain('500 of 1 000 clients connected');
    expect(text).toContain('worker 1 lost: killed by SIGKILL');
  });

  it('tells planned from fired faults and when they first showed', () => {
    const text = plain(failingResult(), 120);
    expect(rowOf(text, 'FAULTS', 'half-open')).toEqual([
      'half-open',
      '90',
      '90',
      '88',
      '+3.000 s',
      '+3.421 s',
      'socket',
    ]);
    expect(rowOf(text, 'FAULTS', 'lose-acks')).toEqual(['lose-acks', '12', '0', '0', '–', '–', 'socket']);
  });

  it('cuts a long list of faults and says so', () => {
    const [fault] = passingResult().faults;
    const faults = fault === undefined ? [] : Array.from({ length: 23 }, () => fault);
    const lines = sectionOf(plain({ ...passingResult(), faults }), 'FAULTS').filter((line) => line !== '');
    expect(lines).toHaveLength(1 + 20 + 1);
    expect(lines.at(-1)).toBe('and 3 more faults');
  });

  it('is one line where a section has nothing to say', () => {
    const text = plain({ ...passingResult(), faults: [] });
    expect(sectionOf(text, 'FAULTS').filter((line) => line !== '')).toEqual(['none planned']);
    expect(sectionOf(text, 'ANOMALIES').filter((line) => line !== '')).toEqual(['none']);
  });

  it('shows the gravest anomaly first, with who, why and what led to it', () => {
    const lines = sectionOf(plain(failingResult(), 120), 'ANOMALIES');
    expect(lines[0]).toMatch(/^silent loss ×14 · .* · reported loss ×120$/);
    expect(lines[2]).toBe('✗ silent loss · message p1:42 · session c17 · received but not handled');
    expect(lines[3]).toBe(
      '  it never came and the loss was not reported; in the middle of what the session handled',
    );
    expect(lines.join('\n')).toMatch(
      /\+3\.004 s {2}its publish begins[\s\S]*… 2 more[\s\S]*\+19\.500 s {2}by the server's record/,
    );
  });

  it('neither obeys nor breaks at control characters of a strange server', () => {
    const base = failingResult();
    const message = 'closed: \u001b[2J\u0007\r\n\u202egone';
    const anomalies = base.anomalies.map((anomaly) => ({ ...anomaly, message }));
    const text = plain({ ...base, anomalies }, 80);
    for (const sign of ['\u001b', '\u0007', '\r', '\u202e']) expect(text).not.toContain(sign);
  });

  it('keeps to the width with any texts', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 40, max: 130 }),
        (words, width) => {
          const base = failingResult();
          const text = plain(
            {
              ...base,
              reasons: [{ code: 'listener-failed', why: words }],
              scenario: { ...base.scenario, name: words, description: words },
              assertions: [{ text: words, actualText: words, status: 'fail' }],
              anomalies: base.anomalies.map((anomaly) => ({ ...anomaly, message: words, session: words })),
              faults: base.faults.map((fault) => ({ ...fault, name: words })),
            },
            width,
          );
          for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 60 },
    );
  });
});
