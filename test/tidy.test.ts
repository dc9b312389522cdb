import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { SLOW_TESTS } from '../vitest.config.ts';

/**
 * Holds what no linter knows: who may import whom, and that the pure layers take time, chance and sockets only
 * through their ports.
 */

const ROOT = resolve(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src');

/** The layers that each layer may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  broadcaster: ['protocol'],
  drivers: ['protocol', 'delivery', 'templates'],
  delivery: [],
  measure: [],
  faults: ['drivers'],
  text: [],
  templates: ['text'],
  scenario: ['text', 'templates', 'protocol', 'broadcaster', 'delivery', 'faults'],
  world: ['protocol'],
  stores: ['broadcaster'],
  load: ['text', 'templates', 'protocol', 'drivers', 'delivery', 'measure', 'faults', 'scenario', 'world'],
  server: [
    'text',
    'templates',
    'protocol',
    'broadcaster',
    'delivery',
    'measure',
    'faults',
    'scenario',
    'world',
    'load',
  ],
  verdict: ['protocol', 'broadcaster', 'delivery', 'measure', 'faults', 'scenario', 'load', 'server'],
  run: ['protocol', 'drivers', 'delivery', 'faults', 'scenario', 'world', 'load', 'server', 'verdict'],
  mutants: ['protocol', 'broadcaster', 'drivers', 'delivery', 'scenario', 'server', 'verdict', 'run'],
  simulation: [
    'protocol',
    'drivers',
    'delivery',
    'faults',
    'scenario',
    'world',
    'server',
    'verdict',
    'run',
    'mutants',
  ],
  report: [
    'text',
    'broadcaster',
    'delivery',
    'measure',
    'scenario',
    'verdict',
    'run',
    'mutants',
    'simulation',
  ],
  // What `import 'wsdeliver'` gives: the broadcaster on real sockets, with its metrics.
  'library.ts': ['protocol', 'broadcaster', 'library', 'world', 'server'],
  library: ['protocol', 'broadcaster', 'world'],
  cli: [
    'text',
    'protocol',
    'broadcaster',
    'delivery',
    'measure',
    'faults',
    'scenario',
    'world',
    'server',
    'verdict',
    'run',
    'mutants',
    'simulation',
    'report',
  ],
};

const PURE = [
  'protocol',
  'broadcaster',
  'drivers',
  'delivery',
  'measure',
  'faults',
  'text',
  'templates',
  'scenario',
  'world/virtual',
];

const IMPURE =
  /\b(Date|process|Buffer|setTimeout|setInterval|setImmediate|queueMicrotask|crypto|fetch)\b|Math\.random|\bperformance\.|\basync\b|\bawait\b|\bPromise\b|from 'node:/;

/** The things of Node that pure layers may use: functions of their arguments and of nothing else. */
const PURE_IMPORTS = ["import { crc32 } from 'node:zlib';\n", "import { createHmac } from 'node:crypto';\n"];

/** Processes of their own, which end by themselves. */
const WORKER_SCRIPTS = ['load/load-worker.ts', 'server/services/watchdog.ts', 'world/real/parent-process.ts'];

const EMPTY_NAMES = /^(utils?|helpers?|common|misc|types|shared|lib)(\.ts)?$/;

/** The longest a source file may be; a file with two subjects gets there first. */
const LINES_MAX = 480;
const FUNCTION_LINES_MAX = 80;
/** Of ifs, loops, switches and tries in one function. */
const NESTING_MAX = 3;

/** What replaces something of the process, and what puts it back. */
const REPLACED: readonly (readonly [RegExp, RegExp])[] = [
  [/vi\.mock\(/, /vi\.unmock\(/],
  [/vi\.doMock\(/, /vi\.doUnmock\(/],
  [/vi\.useFakeTimers\(/, /vi\.useRealTimers\(/],
  [/vi\.stubEnv\(/, /vi\.unstubAllEnvs\(/],
  [/vi\.stubGlobal\(/, /vi\.unstubAllGlobals\(/],
  [/vi\.spyOn\(/, /vi\.restoreAllMocks\(|\.mockRestore\(/],
];

interface SourceFile {
  readonly path: string;
  readonly layer: string;
  readonly text: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const files: readonly SourceFile[] = filesBelow(SOURCE).map((path) => ({
  path: relative(SOURCE, path),
  layer: relative(SOURCE, path).split('/')[0] ?? '',
  text: readFileSync(path, 'utf8'),
}));

function importsOf(file: SourceFile): string[] {
  const relativeImports = [...file.text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(
    ([, target]) => target ?? '',
  );
  return relativeImports.map((target) => relative(SOURCE, resolve(dirname(join(SOURCE, file.path)), target)));
}

/** Comments and texts may speak of anything. */
function codeOf(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|\s)\/\/.*$/gm, '')
    .replaceAll(/`(?:[^`\\$]|\\.|\$(?!\{))*`/g, "''")
    .replaceAll(/'(?!node:)(?:[^'\\\n]|\\.)*'/g, "''");
}

function withoutPureImports(text: string): string {
  return PURE_IMPORTS.reduce((rest, line) => rest.replace(line, ''), text);
}

/** @returns the first circle that is found, as the way back to where it begins */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  function visit(file: string): string[] {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return [];
    done.add(file);
    way.push(file);
    for (const target of imports.get(file) ?? []) {
      const circle = visit(target);
      if (circle.length > 0) return circle;
    }
    way.pop();
    return [];
  }
  for (const file of imports.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

function isBlock(node: ts.Node): boolean {
  if (ts.isIfStatement(node)) return !(ts.isIfStatement(node.parent) && node.parent.elseStatement === node);
  return ts.isIterationStatement(node, false) || ts.isSwitchStatement(node) || ts.isTryStatement(node);
}

/** Functions that are too long, and statements too deep in them. */
function oversized(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  function visit(node: ts.Node, depth: number): void {
    const inner = ts.isFunctionLike(node) ? 0 : depth + (isBlock(node) ? 1 : 0);
    const [first, last] = [lineOf(node.getStart()), lineOf(node.end)];
    if (ts.isFunctionLike(node) && last - first >= FUNCTION_LINES_MAX)
      found.push(`${path}:${first} has a function of ${last - first + 1} lines`);
    if (inner > depth && inner === NESTING_MAX + 1) found.push(`${path}:${first} is nested ${inner} deep`);
    ts.forEachChild(node, (child) => visit(child, inner));
  }
  visit(source, 0);
  return found;
}

/** Every text of the project in which a word has to be the right one, by path. */
const TEXTS: ReadonlyMap<string, string> = new Map(
  [
    ...['src', 'test', 'bin'].flatMap((folder) => filesBelow(join(ROOT, folder))),
    ...readdirSync(join(ROOT, 'docs')).map((name) => join(ROOT, 'docs', name)),
    join(ROOT, 'README.md'),
  ].map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')]),
);

/** The "Instead of" column of the glossary. */
function replacedWords(): string[] {
  const [, table = ''] = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').split('| Instead of | Say |');
  const [rows = ''] = table.trimStart().split('\n\n');
  return [...rows.matchAll(/^\| ([a-z][a-z, -]*) \|/gm)].flatMap(([, words = '']) => words.split(', '));
}

/** Words of the list that occur, as a word, as a plural, or as a part of an identifier. */
function replacedIn(text: string, words: readonly string[]): string[] {
  const separate = text.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
  return words.filter((word) => new RegExp(`\\b${word}s?\\b`, 'i').test(separate));
}

describe('the project', () => {
  it('has only layers that the table of layers knows', () => {
    expect([...new Set(files.map(({ layer }) => layer))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it('imports downwards only', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .map((target) => target.split('/')[0] ?? '')
        .filter((layer) => layer !== file.layer && !MAY_IMPORT[file.layer]?.includes(layer))
        .map((layer) => `${file.path} imports ${layer}`),
    );
    expect(wrong).toEqual([]);
  });

  it('is described in ARCHITECTURE.md as it is', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `src\/([\w.]+)` \|.*\| ([^|]+) \|$/gm)];
    const described = Object.fromEntries(rows.map(([, layer = '', imports]) => [layer, imports]));
    const held = Object.entries(MAY_IMPORT).map(([layer, imports]) => [
      layer,
      imports.join(', ') || 'nothing',
    ]);
    expect(described).toEqual(Object.fromEntries(held));
  });

  it('has no permission that nobody uses', () => {
    const used = new Set(
      files.flatMap((file) => importsOf(file).map((target) => `${file.layer} ${target.split('/')[0]}`)),
    );
    const unused = Object.entries(MAY_IMPORT).flatMap(([layer, others]) =>
      others.map((other) => `${layer} ${other}`).filter((pair) => !used.has(pair)),
    );
    expect(unused).toEqual([]);
  });

  it('has no circle of files, not even of types: neither of two such files can be read first', () => {
    expect(circleIn(new Map(files.map((file) => [file.path, importsOf(file)])))).toEqual([]);
  });

  it('would notice a circle', () => {
    const imports = { a: ['b'], b: ['c', 'd'], c: [], d: ['e'], e: ['b'] };
    expect(circleIn(new Map(Object.entries(imports)))).toEqual(['b', 'd', 'e', 'b']);
    expect(circleIn(new Map(Object.entries({ ...imports, e: ['c'] })))).toEqual([]);
  });

  it('knows the driver of one protocol nowhere but in the registry, and where that driver is broken on purpose', () => {
    const wrong = files
      .filter(
        ({ layer, path }) => !['drivers', 'mutants'].includes(layer) || path.startsWith('drivers/driver'),
      )
      .filter((file) => importsOf(file).some((target) => target.startsWith('drivers/wsdeliver/')));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('imports files with their extension', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !target.endsWith('.ts'))
        .map((target) => `${file.path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps clocks, timers, chance, promises and Node out of the pure layers', () => {
    const pure = files.filter(({ path }) => PURE.some((layer) => path.startsWith(`${layer}/`)));
    expect(pure.length).toBeGreaterThan(40);
    const wrong = pure.flatMap(({ path, text }) => {
      const found = IMPURE.exec(codeOf(withoutPureImports(text)));
      return found === null ? [] : [`${path}: ${found[0]}`];
    });
    expect(wrong).toEqual([]);
  });

  it('would notice an impure line', () => {
    expect(IMPURE.test(codeOf('const now = Date.now();'))).toBe(true);
    expect(IMPURE.test(codeOf("import { readFileSync } from 'node:fs';"))).toBe(true);
    expect(IMPURE.test(codeOf('// Date.now() is not called here'))).toBe(false);
  });

  it('writes to the console and ends the process in cli only, and in the scripts of worker processes', () => {
    const wrong = files
      .filter(({ layer, path }) => layer !== 'cli' && !WORKER_SCRIPTS.includes(path))
      .filter(({ text }) => /\bconsole\.|(?<!#)\bprocess\.(exit|stdout|stderr)\b/.test(codeOf(text)));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('has no exception for a file, a folder or an import that is not there', () => {
    const named = [
      ...[...PURE, ...WORKER_SCRIPTS].map((path) => join(SOURCE, path)),
      ...SLOW_TESTS.map((path) => join(ROOT, path)),
    ];
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(PURE_IMPORTS.filter((line) => !files.some(({ text }) => text.includes(line)))).toEqual([]);
  });

  it('writes to standard output and standard error in one file, which makes foreign text printable', () => {
    const writers = files.filter(({ text }) =>
      /\bconsole\.|process\.std(out|err)\.write\b/.test(codeOf(text)),
    );
    expect(writers.map(({ path }) => path)).toEqual(['cli/console.ts']);
  });

  it('has no file or folder whose name says nothing', () => {
    expect(files.filter(({ path }) => path.split('/').some((part) => EMPTY_NAMES.test(part)))).toEqual([]);
  });

  it('has no file that is too long to have one subject', () => {
    const long = files.map(({ path, text }) => ({ path, lines: text.split('\n').length }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  it('has no function over 80 lines, and none in which more than three blocks lie in each other', () => {
    expect(files.flatMap(({ path, text }) => oversized(path, text))).toEqual([]);
  });

  it('would notice a function that is too long or too deep', () => {
    const long = `function long() {\n${'  call();\n'.repeat(79)}}`;
    expect(oversized('a.ts', long)).toEqual(['a.ts:1 has a function of 81 lines']);
    expect(oversized('a.ts', long.replace('  call();\n', ''))).toEqual([]);
    const deep = 'if (a) { for (;;) { while (b) { if (c) {} else if (d) {} } } }';
    expect(oversized('b.ts', deep)).toEqual(['b.ts:1 is nested 4 deep']);
    expect(oversized('b.ts', deep.replace('if (c)', 'call(() => { if (c) {} }); //'))).toEqual([]);
  });

  it('leaves no marker of unfinished work and no skipped test', () => {
    const everything = [
      ...filesBelow(SOURCE),
      ...filesBelow(join(ROOT, 'test')),
      ...filesBelow(join(ROOT, 'bin')),
    ];
    const marker = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', String.raw`\b(it|test|describe)\.(skip|only|todo)\b`].join('|'),
    );
    expect(everything.filter((path) => marker.test(readFileSync(path, 'utf8')))).toEqual([]);
  });

  it('keeps sockets and processes out of the fast tests', () => {
    const slow = /^(import|\}) .*from '(node:(net|http|https|tls|child_process)|ws|.*\/e2e\/command\.ts)'/m;
    const wrong = filesBelow(join(ROOT, 'test'))
      .filter((path) => path.endsWith('.test.ts') && slow.test(readFileSync(path, 'utf8')))
      .map((path) => relative(ROOT, path))
      .filter((path) => !SLOW_TESTS.some((place) => path.startsWith(place)));
    expect(wrong).toEqual([]);
  });

  it('undoes in the same file what a test replaces, since fast tests share their process and its modules', () => {
    const files = filesBelow(join(ROOT, 'test')).filter((path) => path.endsWith('.test.ts'));
    const wrong = files.flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      return REPLACED.filter(([made, undone]) => made.test(text) && !undone.test(text)).map(
        ([made]) => `${relative(ROOT, path)}: ${made.source}`,
      );
    });
    expect(wrong).toEqual([]);
  });

  it('uses none of the words that the glossary replaces', () => {
    const words = replacedWords();
    expect(words.length).toBeGreaterThan(15);
    const found = [...TEXTS].flatMap(([path, text]) =>
      replacedIn(`${path} ${text}`, words).map((word) => `${path}: ${word}`),
    );
    expect(found).toEqual([]);
  });

  it('would notice a replaced word in a comment, an identifier and a plural', () => {
    const words = ['foo', 'foo-bar'];
    expect(replacedIn('// of the foo', words)).toEqual(['foo']);
    expect(replacedIn('const newFoos = 1;', words)).toEqual(['foo']);
    expect(replacedIn("kind: 'foo-bar'", words)).toEqual(['foo', 'foo-bar']);
    expect(replacedIn('const food = 1;', words)).toEqual([]);
  });
});
