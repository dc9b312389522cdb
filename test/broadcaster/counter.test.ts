import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  COUNTER_NAMES,
  COUNTER_ROWS,
  COUNTERS,
  type CounterName,
  counterWords,
  prometheusMetric,
} from '../../src/broadcaster/counter.ts';
import type { DeadLetters } from '../../src/broadcaster/dead-letters.ts';
import type { Statistics } from '../../src/broadcaster/statistics.ts';
import { TypeCounters } from '../../src/broadcaster/type-counters.ts';
import { formatCount } from '../../src/report/figures.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderText } from '../../src/report/text.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { METRICS } from '../../src/scenario/metric.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import { parseResult } from '../../src/verdict/read-result.ts';
import { type Result, resultJsonSchema } from '../../src/verdict/result.ts';
import { passingResult } from '../report/sample-result.ts';
import { randomRun } from '../run/random-scenario.ts';

/** Each counter has a value of its own, so that none can stand in for another. */
const statistics = Object.fromEntries(COUNTER_NAMES.map((name, index) => [name, 1000 + index])) as Statistics;

const result: Result = { ...passingResult(), broadcast: statistics };

/** One line, with ordinary spaces. */
function plainText(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function missingFrom(has: (name: CounterName) => boolean): CounterName[] {
  return COUNTER_NAMES.filter((name) => !has(name));
}

describe('every counter of the table', () => {
  it('is counted somewhere', () => {
    const source = resolve(import.meta.dirname, '../../src');
    const code = (readdirSync(source, { recursive: true }) as string[])
      .filter((path) => path.endsWith('.ts') && !path.endsWith('broadcaster/counter.ts'))
      .map((path) => readFileSync(join(source, path), 'utf8'))
      .join('\n');
    expect(missingFrom((name) => new RegExp(`\\.${name} \\+=|'${name}'`).test(code))).toEqual([]);
  });

  it('is in the result of a run', () => {
    const context = { file: '', sha256: '', version: '', startedAt: '' };
    const { broadcast } = assembleResult(simulateScenario(randomRun(1, false)), context);
    expect(missingFrom((name) => broadcast?.[name] !== undefined)).toEqual([]);
  });

  it('is read back from a result file, and described in its schema', () => {
    expect(parseResult(renderJson(result), 'result.json').broadcast).toEqual(statistics);
    const schema = resultJsonSchema() as {
      readonly properties: {
        readonly broadcast: {
          readonly properties: Readonly<Record<string, { readonly description: string }>>;
        };
      };
    };
    const { properties } = schema.properties.broadcast;
    expect(missingFrom((name) => properties[name]?.description === COUNTERS[name].meaning)).toEqual([]);
  });

  it('is a metric for assertions, and documented as one', () => {
    const documentation = readFileSync(resolve(import.meta.dirname, '../../docs/scenario.md'), 'utf8');
    expect(missingFrom((name) => METRICS.some((metric) => metric.name === `broadcast.${name}`))).toEqual([]);
    const rows = documentation.split('\n').filter((line) => line.startsWith('| `broadcast.'));
    expect(
      missingFrom((name) =>
        rows.some(
          (row) => row.startsWith(`| \`broadcast.${name}\` |`) && row.includes(COUNTERS[name].meaning),
        ),
      ),
    ).toEqual([]);
  });

  it('is scraped by Prometheus', async () => {
    const types = new TypeCounters();
    types.resent.set('tick', statistics.resent);
    const source = {
      statistics,
      types,
      deadLetters: { byReason: { 'max-resend': statistics.deadLetters, nack: 0 } } as DeadLetters,
      waitingPublishes: 0,
      load: () => undefined,
      sessionStates: () => [],
    };
    const lines = (await new Metrics({ source: () => source, clients: 0 }).text()).split('\n');
    expect(
      missingFrom((name) =>
        lines.some(
          (line) => line.startsWith(prometheusMetric(name).name) && line.endsWith(` ${statistics[name]}`),
        ),
      ),
    ).toEqual([]);
  });

  it('stands in the reports, under its row', () => {
    const shown = (name: CounterName): string =>
      plainText(`${formatCount(statistics[name])} ${counterWords(name)}`);
    for (const report of [
      renderHtml(result),
      renderText(result, { width: 100, color: false, unicode: true }),
    ]) {
      const text = plainText(report);
      expect(missingFrom((name) => text.includes(shown(name)))).toEqual([]);
      expect(COUNTER_ROWS.filter(({ label }) => !text.includes(label))).toEqual([]);
    }
  });
});

describe('the table of counters', () => {
  it('gives no two counters one sample for Prometheus, or the same words in one row', () => {
    const samples = COUNTER_NAMES.map(prometheusMetric).map(({ name, value }) => `${name} ${value}`);
    expect(new Set(samples).size).toBe(COUNTER_NAMES.length);
    for (const { names } of COUNTER_ROWS) expect(new Set(names.map(counterWords)).size).toBe(names.length);
  });
});
