import { describe, expect, it } from 'vitest';
import { VARIANTS } from '../../../src/mutants/registry.ts';
import { drawSequence } from '../../../src/report/failure/sequence-diagram.ts';
import { drawSequenceSvg } from '../../../src/report/failure/sequence-svg.ts';
import { toAscii } from '../../../src/report/terminal.ts';
import { attempt } from '../../../src/simulation/subject.ts';
import type { Mark, TraceEvent, Travel } from '../../../src/simulation/trace.ts';
import { type Trace, traceRun } from '../../../src/simulation/trace-run.ts';
import type { Violation } from '../../../src/simulation/violation.ts';

const VIOLATION: Violation = {
  kind: 'silent-loss',
  direction: 'down',
  stage: 'not-received',
  cause: { code: 'threw', error: 'Error', where: '', message: 'it is < 1 & nobody was told' },
  client: 3,
  message: 'p1:7',
};

function travel(atMs: number, direction: Travel['direction'], label: string, arrivedMs?: number): Travel {
  return {
    kind: 'travel',
    atUs: atMs * 1000,
    direction,
    label,
    weight: label.startsWith('p1:7') ? 'message' : 'session',
    noun: label,
    ...(arrivedMs === undefined ? {} : { arrivedUs: arrivedMs * 1000 }),
  };
}

function mark(atMs: number, place: Mark['place'], label: string, weight: Mark['weight']): Mark {
  return { kind: 'mark', atUs: atMs * 1000, place, label, weight, noun: 'thing' };
}

function traceOf(...events: TraceEvent[]): Trace {
  return { client: 3, events, originUs: 1_000_000 };
}

const TRACE = traceOf(
  travel(900, 'up', 'hello', 901),
  travel(902, 'down', 'welcome, fresh session', 905),
  travel(903, 'down', 'replayed to 5', 906),
  mark(1000, 'client', 'fault reset', 'fault'),
  ...Array.from({ length: 5 }, (_, index) => mark(1001 + index, 'client', 'handles p1:2', 'traffic')),
  mark(1100, 'server', 'publishes p1:7 to everybody', 'message'),
  travel(1100, 'down', 'p1:7 as seq 8'),
);

describe('the sequence diagram', () => {
  it('draws what arrives, what crosses, what is lost, and what is left out', () => {
    expect(drawSequence(TRACE, VIOLATION)).toBe(
      [
        'silent-loss (not received) of client 3: p1:7',
        '',
        '            client c3                     network                        server',
        '  -0.100s   │──────────── hello ─────────────────────────────────────────────▶│',
        '  -0.098s   │                                ┊◀─── welcome, fresh session ────│',
        '  -0.097s   │                                ┊◀─────── replayed to 5 ─────────│',
        '  -0.095s   │◀─── welcome, fresh session ────┊                                │',
        '  -0.094s   │◀─────── replayed to 5 ─────────┊                                │',
        '   0.000s   ◆ fault reset                    ┊                                │',
        '            ┊  … 5 things                    ┊                                ┊',
        '   0.100s » │                                ┊    publishes p1:7 to everybody ●',
        '   0.100s » │                                ×◀─────── p1:7 as seq 8 ─────────│',
        '',
        '◆ fault   ● event   × lost on the way   » about the message concerned',
        '',
      ].join('\n'),
    );
  });

  it('shows an event by itself where it would stand alone among those left out', () => {
    const alone = traceOf(
      travel(900, 'up', 'hello', 901),
      { ...mark(1001, 'client', 'handles p1:2', 'traffic') },
      travel(1100, 'down', 'p1:7 as seq 8', 1101),
    );
    expect(drawSequence(alone, VIOLATION)).toContain('● handles p1:2');
  });

  it('has the same columns in ASCII', () => {
    const [plain, ascii] = [drawSequence(TRACE, VIOLATION), toAscii(drawSequence(TRACE, VIOLATION))];
    expect(ascii).toMatch(/^[\n\x20-\x7e]+$/);
    expect(ascii).not.toContain('?');
    expect(ascii.split('\n').map(({ length }) => length)).toEqual(
      plain.split('\n').map(({ length }) => length),
    );
  });

  it.each(VARIANTS.map((variant) => [variant.name, variant] as const))(
    'of %s keeps to 80 columns',
    (_name, variant) => {
      const { scenario, network } = variant;
      const subject = { scenario, variant, ...(network === undefined ? {} : { network }) };
      const [violation] = attempt(subject).violations;
      if (violation === undefined) throw new Error('nothing is wrong');
      const lines = drawSequence(traceRun(subject, violation), violation).split('\n');
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
      expect(toAscii(lines.join('\n'))).not.toContain('?');
      expect(lines.length).toBeLessThan(90);
    },
  );
});

describe('the sequence diagram as a picture', () => {
  const svg = drawSequenceSvg(TRACE, VIOLATION);

  it('is well-formed', () => {
    const open: string[] = [];
    for (const [, closing, name = '', self] of svg.matchAll(/<(\/)?([a-z]+)(?:[^<>"]|"[^"]*")*?(\/)?>/g)) {
      if (closing !== undefined) expect(open.pop()).toBe(name);
      else if (self === undefined) open.push(name);
    }
    expect(open).toEqual([]);
    expect(svg).toContain('it is &lt; 1 &amp; nobody was told');
  });

  it('needs no other file, and has colours for dark surroundings', () => {
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|href|@import|url\(/);
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('has an arrow for each travel, and a cut for the one that is lost', () => {
    expect(svg.match(/class="way"/g)).toHaveLength(4);
    expect(svg.match(/class="tip"/g)).toHaveLength(3);
    // The other is in the legend.
    expect(svg.match(/class="cut"/g)).toHaveLength(2);
  });

  it('slopes an arrow down to where it arrives', () => {
    const [, y1, y2] = /<line class="way" x1="790" y1="(\d+)" x2="113" y2="(\d+)"/.exec(svg) ?? [];
    // Two rows of 26 px: behind the departure of the next comes its own arrival.
    expect(Number(y2) - Number(y1)).toBe(52);
  });
});
