import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { BENCHMARKS, type Benchmark } from './benchmarks.ts';

/**
 * `npm run bench [-- <name> …] [--repeat N] [--json FILE] [--page FILE]`: every figure as a ratio to a yardstick
 * measured just before it, several times over, since machines are noisy. Nothing here passes or fails. With `--page`,
 * the figures take their place between the markers of a page.
 */

interface Row {
  readonly name: string;
  readonly measure: string;
  readonly wanted: string;
  readonly samples: readonly number[];
  readonly median: number;
  readonly met: boolean;
  readonly notes: readonly string[];
}

const DEFAULT_REPEAT = 3;

async function main(argv: readonly string[]): Promise<void> {
  const repeat = Number(valueAfter(argv, '--repeat') ?? DEFAULT_REPEAT);
  const json = valueAfter(argv, '--json') ?? 'bench-results.json';
  const names = argv.filter((word, index) => !word.startsWith('--') && !argv[index - 1]?.startsWith('--'));
  const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `Cannot run "${unknown.join(', ')}": there are ${BENCHMARKS.map(({ name }) => name).join(', ')}\n`,
    );
    process.exit(2);
  }
  const rows: Row[] = [];
  for (const benchmark of BENCHMARKS) {
    if (names.length > 0 && !names.includes(benchmark.name)) continue;
    rows.push(await measure(benchmark, repeat));
  }
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${type()} ${release()}, Node ${process.version}, ws ${versionOf('ws')}`;
  const figures = `${table(rows)}\n\n${machine}; ${new Date().toISOString().slice(0, 10)}.`;
  process.stdout.write(`\n${figures}\n`);
  writeFileSync(json, `${JSON.stringify({ machine, repeat, rows }, undefined, 2)}\n`);
  const page = valueAfter(argv, '--page');
  if (page !== undefined) writeFileSync(page, withFigures(readFileSync(page, 'utf8'), figures));
}

async function measure(benchmark: Benchmark, repeat: number): Promise<Row> {
  const samples: number[] = [];
  const notes: string[] = [];
  for (let round = 0; round < (benchmark.once ? 1 : repeat); round += 1) {
    const { value, note } = await benchmark.run();
    samples.push(value);
    notes.push(note);
    process.stderr.write(`${benchmark.name}: ${value.toFixed(2)} (${note})\n`);
  }
  const median = samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
  const { name, measure: text, bound } = benchmark;
  const met = 'atLeast' in bound ? median >= bound.atLeast : median <= bound.atMost;
  const wanted = 'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`;
  return { name, measure: text, wanted, samples, median, met, notes };
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, measure: text, wanted, samples, median, met, notes }) => {
    const spread =
      samples.length < 2 ? '' : `${figure(Math.min(...samples))} to ${figure(Math.max(...samples))}`;
    const middle = samples.indexOf(median);
    return `| \`${name}\` | ${text} | ${wanted} | ${figure(median)} | ${spread} | ${met ? 'yes' : 'no'} | ${notes[middle] ?? ''} |`;
  });
  return [
    '| Name | Measure | Wanted | Median | Spread | Met | The run in the middle |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function figure(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }).version;
}

function withFigures(text: string, figures: string): string {
  const [before, rest] = text.split('<!-- figures -->\n');
  const after = rest?.split('<!-- /figures -->')[1];
  if (before === undefined || after === undefined)
    throw new Error('Cannot write the page: it has no pair of figures markers, one is wanted');
  return `${before}<!-- figures -->\n\n${figures}\n\n<!-- /figures -->${after}`;
}

function valueAfter(argv: readonly string[], flag: string): string | undefined {
  const at = argv.indexOf(flag);
  return at < 0 ? undefined : argv[at + 1];
}

await main(process.argv.slice(2));
process.exit(0);
