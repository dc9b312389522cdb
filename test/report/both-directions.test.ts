import { describe, expect, it } from 'vitest';
import type { DeliveryCounts } from '../../src/delivery/judgement.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderText } from '../../src/report/text.ts';
import type { Result } from '../../src/verdict/result.ts';
import { passingResult } from './sample-result.ts';

/** What clients sent, what was given up and what it cost stand in every report, and only where there is something. */

const PLAIN = { width: 100, color: false, unicode: true };

function withUpstream(changes: Partial<DeliveryCounts>): Result {
  const base = passingResult();
  return {
    ...base,
    delivery: {
      ...base.delivery,
      upstream: { ...base.delivery, owed: 4000, delivered: 4000, filled: 0, ...changes },
    },
  };
}

const DEAD: Partial<Result> = {
  deadLetters: {
    count: 800,
    byReason: { 'max-resend': 400, nack: 400 },
    newest: [{ atMs: 5, client: 'c49', seq: 161, type: 'job', room: 'jobs', reason: 'nack', attempts: 3 }],
  },
};

function rowOf(text: string, label: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const from = lines.findIndex((line) => line.startsWith(label));
  const rest = lines.slice(from + 1);
  const end = rest.findIndex((line) => line === '' || /^[a-z]+ ( )+/.test(line));
  return from < 0 ? '' : [lines[from], ...rest.slice(0, end)].join(' ').replace(/\s+/g, ' ');
}

describe('a report of both directions', () => {
  it('says what became of what clients sent', () => {
    const text = renderText(
      withUpstream({ duplicates: { handled: 0, handledAfterAck: 0, received: 0 } }),
      PLAIN,
    );
    expect(rowOf(text, 'upstream')).toContain(
      'upstream 0 lost silently · 4 000 of 4 000 accepted handled by the server',
    );
  });

  it('shows what went wrong there', () => {
    const lost = { silent: 7, reported: 2, reportedBy: passingResult().delivery.lost.reportedBy };
    const duplicates = { handled: 3, handledAfterAck: 0, received: 0 };
    const row = rowOf(
      renderText(withUpstream({ delivered: 3991, lost, duplicates, corrupt: 1 }), PLAIN),
      'upstream',
    );
    for (const part of ['7 lost silently', '2 lost and reported', '3 handled twice', '1 corrupt'])
      expect(row).toContain(part);
  });

  it('has a line for dead letters, with the newest', () => {
    const text = renderText(passingResult(DEAD), PLAIN);
    expect(rowOf(text, 'dead letters')).toContain('dead letters 800 messages · 400 max-resend · 400 nack');
    expect(text).toContain('last job seq 161 of c49 after 3 attempts');
  });

  it('has a line for what delivery cost in frames', () => {
    const base = passingResult();
    const acks = { frames: 100, perMessage: 0.5 };
    const profiles = Object.fromEntries(
      Object.entries(base.profiles).map(([name, profile]) => [name, { ...profile, acks }]),
    );
    const broadcast = { ...base.broadcast, amplification: 1.5 };
    const row = rowOf(renderText({ ...base, acks, profiles, broadcast }, PLAIN), 'traffic');
    expect(row).toContain('1.5 transmissions a message');
    expect(row).toContain('ack frames a message: healthy 0.5, slow 0.5');
  });

  it('has all of it in HTML and Markdown as well', () => {
    const result = { ...withUpstream({}), ...DEAD };
    const [html, markdown] = [renderHtml(result), renderMarkdown(result)].map((text) =>
      text.replace(/\s+/g, ' '),
    );
    expect(html).toContain('Upstream: 0 lost silently · 4 000 of 4 000 accepted handled by the server');
    expect(html).toContain('Dead letters: 800 messages · 400 max-resend · 400 nack');
    expect(markdown).toContain('Upstream: 0 lost silently, 4 000 of 4 000 accepted handled by the server');
    expect(markdown).toContain('Dead letters: 800 messages, 400 max-resend');
  });

  it('has none of it where there is nothing to say', () => {
    for (const text of [
      renderText(passingResult(), PLAIN),
      renderHtml(passingResult()),
      renderMarkdown(passingResult()),
    ]) {
      expect(text).not.toMatch(/upstream|dead letters|Upstream:|Dead letters:/);
    }
  });
});
