import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../src/cli/exit.ts';
import { CloseCode, decodeClientText, decodeServerText, SUBPROTOCOL } from '../src/protocol/frame.ts';
import { parseScenario } from '../src/scenario/parse.ts';
import { fillIn, generatedParts, placesIn } from './docs/generated.ts';
import { type CommandHelp, readCommands } from './docs/help-text.ts';
import { strayMeanings } from './docs/reference.ts';
import { codeBlocks, headingAnchors, linksIn, pathsIn, proseLines } from './docs/text.ts';

/**
 * Holds the documentation to the code. What follows from data is generated: with UPDATE_DOCS=1 the files are
 * rewritten, and with REPORT=<file> beside it the report in the README is replaced by that file.
 */

const ROOT = resolve(import.meta.dirname, '..');
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`),
];
const LINE_MAX = 120;
const REPORT = /<!-- report -->\n\n```text\n([\s\S]*?)```\n\n<!-- \/report -->/;
const REPORT_WIDTH = 80;

let commands: readonly CommandHelp[] = [];
let parts: ReadonlyMap<string, string> = new Map();

function read(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

function rewrite(): void {
  const report = process.env.REPORT;
  for (const document of DOCUMENTS) {
    const before = read(document);
    const filled = fillIn(before, parts);
    const after =
      report === undefined
        ? filled
        : filled.replace(
            REPORT,
            () => `<!-- report -->\n\n\`\`\`text\n${readFileSync(report, 'utf8')}\`\`\`\n\n<!-- /report -->`,
          );
    if (after !== before) writeFileSync(join(ROOT, document), after);
  }
}

beforeAll(async () => {
  commands = readCommands();
  parts = generatedParts(ROOT, commands);
  if (process.env.UPDATE_DOCS === '1') rewrite();
});

describe('the documentation', () => {
  it.each(DOCUMENTS)(
    '%s says what the code says, where it is generated (else: UPDATE_DOCS=1)',
    (document) => {
      expect(read(document)).toBe(fillIn(read(document), parts));
    },
  );

  it('has a place for everything that is generated', () => {
    const places = DOCUMENTS.flatMap((document) => placesIn(read(document)));
    expect(places.toSorted()).toEqual([...parts.keys()].toSorted());
  });

  it('has a meaning for every metric, and for nothing else', () => {
    expect(strayMeanings()).toEqual([]);
  });

  it.each(DOCUMENTS)('%s links to what is there', (document) => {
    const broken = linksIn(read(document)).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? document : join(dirname(document), file);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !headingAnchors(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(DOCUMENTS)('%s names files and folders that are there', (document) => {
    expect(pathsIn(read(document)).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(DOCUMENTS)('%s keeps its lines short', (document) => {
    expect(proseLines(read(document)).filter((line) => line.length > LINE_MAX)).toEqual([]);
  });

  it('shows scenarios that are valid', () => {
    const whole = DOCUMENTS.flatMap((document) => codeBlocks(read(document), 'yaml'))
      .filter((text) => text.startsWith('name:'))
      .map((text) => parseScenario(text, { file: text.split('\n')[0] ?? '' }));
    expect(whole.length).toBeGreaterThan(3);
    expect(whole.flatMap((outcome) => (outcome.ok ? [] : outcome.problems))).toEqual([]);
  });

  it('names commands, flags and bundled scenarios that exist', () => {
    const bundled = readdirSync(join(ROOT, 'scenarios')).map((file) => file.replace('.yaml', ''));
    const lines = DOCUMENTS.flatMap((document) => codeBlocks(read(document), 'sh')).flatMap((text) =>
      text.split('\n'),
    );
    const wrong = lines.flatMap((line) => {
      const [, name = '', rest = ''] = /wsdeliver(?:\.js)? (\S+)(.*)/.exec(line) ?? [];
      if (name === '') return [];
      const known = commands.find((command) => command.name === name);
      const flags = known?.options.map(({ term }) => /--[a-z-]+/.exec(term)?.[0]) ?? [];
      const unknown = [...rest.matchAll(/--[a-z-]+/g)]
        .map(([flag]) => flag)
        .filter((flag) => !flags.includes(flag));
      const [first = ''] = rest.trim().split(' ');
      const isName = name === 'bench' && /^[a-z]/.test(first) && !/[./]/.test(first);
      return known === undefined || unknown.length > 0 || (isName && !bundled.includes(first)) ? [line] : [];
    });
    expect(lines.some((line) => line.includes('wsdeliver bench'))).toBe(true);
    expect(wrong).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = DOCUMENTS.flatMap((document) => [
      ...read(document).matchAll(/npm (?:run ([a-z:-]+)|test)/g),
    ]);
    expect(named.map(([, name = 'test']) => name).filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('README.md', () => {
  it('lists every exit code', () => {
    const section = read('README.md').split('## Exit codes')[1]?.split('\n## ')[0] ?? '';
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(listed).toEqual(Object.values(ExitCode).toSorted((a, b) => a - b));
  });

  it('shows a report of the quickstart as it is now, at 80 columns', () => {
    const report = REPORT.exec(read('README.md'))?.[1] ?? '';
    const quickstart = parseScenario(read('scenarios/quickstart.yaml'), { file: 'quickstart' });
    if (!quickstart.ok) throw new Error('the quickstart is no valid scenario');
    const { assert } = quickstart.scenario.expect;
    expect(assert.filter((text) => !report.includes(text))).toEqual([]);
    expect(report.split('\n').filter((line) => line.length > REPORT_WIDTH)).toEqual([]);
    expect(report).toContain('PASS');
  });
});

describe('docs/protocol.md', () => {
  const text = read('docs/protocol.md');

  it.each([
    ['client', decodeClientText],
    ['server', decodeServerText],
  ] as const)('shows frames of the %s that the other side understands', (side, decode) => {
    const frames = codeBlocks(text, `json ${side}`).flatMap((block) => block.split(/\n(?=\{)/));
    const malformed: string[] = [];
    for (const frame of frames) decode(frame, ({ kind }) => kind === 'malformed' && malformed.push(frame));
    expect(frames.length).toBeGreaterThan(10);
    expect(malformed).toEqual([]);
  });

  it('lists every close code', () => {
    const section = text.split('## Close codes')[1] ?? '';
    const listed = [...section.matchAll(/^\| (\d{4}) \|/gm)].map(([, code]) => Number(code));
    expect(listed).toEqual(Object.values(CloseCode).toSorted((a, b) => a - b));
    expect(text).toContain(SUBPROTOCOL);
  });
});

describe('ARCHITECTURE.md', () => {
  it('has a word about every room', () => {
    const text = read('ARCHITECTURE.md');
    const rooms = readdirSync(join(ROOT, 'src')).map((room) => `src/${room}`);
    expect(rooms.filter((room) => !text.includes(room))).toEqual([]);
  });
});
