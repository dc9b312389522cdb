import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { BENCHMARKS, type Benchmark } from './benchmarks.ts';

/**
 * `npm run bench [-- <name> …] [--repeat N] [--json FILE]`: every figure as a ratio to a yardstick measured just
 * before it, several times over, since machines are noisy. Nothing here passes or fails.
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
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}`;
  process.stdout.write(`\n${table(rows)}\n${machine}\n`);
  writeFileSync(json, `${JSON.stringify({ machine, repeat, rows }, undefined, 2)}\n`);
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
  const lines = rows.map(({ measure: text, wanted, samples, median, met }) => {
    const spread = `${Math.min(...samples).toFixed(2)} to ${Math.max(...samples).toFixed(2)}`;
    return `| ${text} | ${wanted} | ${median.toFixed(2)} | ${spread} | ${met ? 'yes' : 'no'} |`;
  });
  return ['| Measure | Wanted | Median | Spread | Met |', '|---|---|---|---|---|', ...lines].join('\n');
}

function valueAfter(argv: readonly string[], flag: string): string | undefined {
  const at = argv.indexOf(flag);
  return at < 0 ? undefined : argv[at + 1];
}

await main(process.argv.slice(2));
process.exit(0);
