import { expect } from 'vitest';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

/** Prometheus' text format 0.0.4, strictly: what it does not know is an error. */
function parsed(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const row of text.split('\n')) {
    if (row === '' || row.startsWith('# HELP ')) continue;
    const declared = /^# TYPE ([a-z_][a-z0-9_]*) (counter|gauge|histogram|summary)$/.exec(row);
    if (declared !== null) {
      expect(families.has(declared[1] ?? ''), row).toBe(false);
      families.set(declared[1] ?? '', { type: declared[2] ?? '', samples: [] });
      continue;
    }
    const sample = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (-?[0-9.e+-]+|nan|[+-]inf)$/i.exec(row);
    expect(sample, `no line of the format: ${row}`).not.toBeNull();
    const [, name = '', labels = '', value = ''] = sample ?? [];
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
    expect(family, `a sample without a type: ${row}`).toBeDefined();
    family?.samples.push({ labels: labelsOf(labels), value: Number(value) });
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}

/** Reads the metrics as a Prometheus server does. */
export async function scrape(url: string): Promise<Map<string, Family>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parsed(await response.text());
}

/** @returns undefined when there is no such sample */
export function sampleOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const samples = families.get(name)?.samples ?? [];
  return samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
}
