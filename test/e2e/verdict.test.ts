import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { Folder, inTurn, type Outcome, wsdeliver } from './command.ts';
import { type SmallScenario, smallScenario } from './small-scenario.ts';

/** What the exit code says of a run on real sockets, and that report and result file say the same. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

interface Run extends Outcome {
  readonly result: Result;
}

async function bench(name: string, scenario: SmallScenario, flags: readonly string[] = []): Promise<Run> {
  const file = folder.write(`${name}.yaml`, smallScenario({ ...scenario, name }));
  const json = folder.file(`${name}.json`);
  const outcome = await wsdeliver(['bench', file, '--json', json, ...flags]);
  return { ...outcome, result: parseResult(readFileSync(json, 'utf8'), json) };
}

function judged(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

describe('wsdeliver bench', () => {
  judged('passes with 0 when every client got what it was owed', async () => {
    const { code, stdout, stderr, result } = await bench('healthy', {});
    expect({ code, verdict: result.verdict, guarantee: result.guarantee.status }).toEqual({
      code: 0,
      verdict: 'pass',
      guarantee: 'pass',
    });
    expect(result.delivery).toMatchObject({ lost: { silent: 0, reported: 0 }, unresolved: 0 });
    expect(result.delivery.delivered).toBe(result.delivery.owed);
    expect(result.delivery.owed).toBeGreaterThanOrEqual(30 * 10);
    expect(stdout).toMatch(/^VERDICT +✓ PASS .*exit 0$/m);
    expect(stdout.match(/^[A-Z]{5,}/gm)).toEqual(
      expect.arrayContaining([
        'VERDICT',
        'EXPECT',
        'DELIVERY',
        'LATENCY',
        'SATURATION',
        'GENERATOR',
        'FAULTS',
      ]),
    );
    for (const phase of ['connect', 'probe', 'warm-up', 'load', 'drain'])
      expect(stderr).toContain(`[${phase} `);
  });

  judged('judges the same whether the clients live in one process or in three', async () => {
    const { code, result } = await bench('three-workers', {}, ['--workers', '3']);
    expect(code).toBe(0);
    expect(result.generator.workers.map(({ clients }) => clients)).toEqual([10, 10, 10]);
    expect(result.delivery.delivered).toBe(result.delivery.owed);
  });

  judged('fails with 3 when a client handles twice what it should handle once', async () => {
    const { code, stdout, result } = await bench('handled-twice', {
      server: '{ delivery: at-least-once, outbox: { ackTimeout: 100ms } }',
      faults: ['{ during: load, do: lose-acks, probability: 50% }'],
      guarantee: 'effectively-once',
    });
    expect({ code, verdict: result.verdict, guarantee: result.guarantee.status }).toEqual({
      code: 3,
      verdict: 'fail',
      guarantee: 'fail',
    });
    expect(result.delivery.duplicates.handled).toBeGreaterThan(0);
    expect(result.anomalies.map(({ kind }) => kind)).toContain('duplicate');
    expect(stdout).toMatch(/^VERDICT +✗ FAIL .*exit 3$/m);
    expect(stdout).toContain('ANOMALIES');
  });

  judged('fails with 3 when an assertion about delivery does not hold', async () => {
    const { code, result } = await bench('never-delivered', { assert: ['delivery.delivered < 10'] });
    expect({ code, guarantee: result.guarantee.status }).toEqual({ code: 3, guarantee: 'pass' });
  });

  judged('fails with 4 when a bound on performance does not hold, and says what it was instead', async () => {
    const { code, stdout, result } = await bench('too-much', {
      // A slow machine sends less, so that it can't be the reason.
      assert: ['broadcast.sent < 10', 'delivery.lost.silent == 0'],
    });
    expect({ code, guarantee: result.guarantee.status }).toEqual({ code: 4, guarantee: 'pass' });
    expect(result.assertions.map(({ status }) => status)).toEqual(['fail', 'pass']);
    expect(stdout).toMatch(/✗ broadcast\.sent < 10 +\d+/);
  });

  judged('puts broken delivery before broken performance, and that before missing data', async () => {
    const { code, result } = await bench('all-at-once', {
      assert: ['recovery.p99 < 1s', 'broadcast.sent < 10', 'delivery.delivered < 10'],
    });
    expect(code).toBe(3);
    expect(result.assertions.map(({ status }) => status)).toEqual(['no-data', 'fail', 'fail']);
  });

  judged('is inconclusive with 5 when an asserted metric has no samples', async () => {
    const { code, stdout, result } = await bench('no-data', { assert: ['latency.recovery.p99 < 1s'] });
    expect({ code, verdict: result.verdict }).toEqual({ code: 5, verdict: 'inconclusive' });
    expect(stdout).toMatch(/\? latency\.recovery\.p99 < 1s +no data/);
  });

  judged('is inconclusive with 5 when a fault never took hold', async () => {
    const { code, result } = await bench('no-fault', {
      faults: ['{ during: load, do: lose-acks, nth: 100000 }'],
    });
    expect({ code, fired: result.faults.map(({ fired }) => fired) }).toEqual({ code: 5, fired: [0] });
    expect(result.reasons[0]).toMatchObject({ code: 'fault-never-held', fault: 'lose-acks', entry: 1 });
  });

  judged(
    'comes through a restart of the server on the same port, and blames what is lost on that',
    async () => {
      const { code, result } = await bench('restart', {
        faults: [
          '{ at: 300ms, for: 200ms, do: pause-reader }',
          '{ at: 400ms, do: server-restart, down: 200ms }',
        ],
        load: '1500ms',
        allowReported: '[restart]',
        assert: ['faults.server-restart.fired == 1', 'faults.pause-reader.fired > 0'],
      });
      expect({ code, reasons: result.guarantee.reasons }).toEqual({ code: 0, reasons: [] });
      const { silent, reported, reportedBy } = result.delivery.lost;
      expect({ silent, reported }).toEqual({ silent: 0, reported: reportedBy.restart });
    },
  );
});

describe('a search for capacity', () => {
  judged('ends with the highest rate at which everything held, its curve, and what gave way', async () => {
    const scenario = { assert: ['rate.published <= 16/s', 'delivery.lost.silent == 0'] };
    const { code, stdout, result } = await bench('capacity', scenario, ['--find-capacity']);
    expect(code).toBe(0);
    const { sustainablePerSec = 0, exhausted, steps = [] } = result.capacity ?? {};
    expect(exhausted).toBe(true);
    // How far below the bound of the assertion it ends is up to the machine.
    expect(sustainablePerSec).toBeGreaterThan(0);
    expect(sustainablePerSec).toBeLessThan(17);
    expect(steps.filter(({ ratePerSec, sustained }) => ratePerSec > 17 && sustained)).toEqual([]);
    for (const { sustained, why } of steps)
      expect([sustained, why === undefined]).toEqual([sustained, sustained]);
    expect(result.rate.offered).toBeCloseTo(sustainablePerSec, 1);
    expect(stdout).toMatch(/^CAPACITY /m);
  });
});

describe('several scenarios', () => {
  judged('are all run, and the gravest outcome is the exit code', async () => {
    const scenarios = new Folder();
    try {
      scenarios.write('a.yaml', smallScenario({ name: 'a-passes', load: '500ms' }));
      scenarios.write(
        'b.yaml',
        smallScenario({ name: 'b-fails', load: '500ms', assert: ['delivery.delivered < 10'] }),
      );
      scenarios.write(
        'c.yaml',
        smallScenario({ name: 'c-says-nothing', load: '500ms', assert: ['recovery.p99 < 1s'] }),
      );
      const [out, junit, markdown] = ['out/of/it', 'junit.xml', 'summary.md'].map((name) =>
        scenarios.file(name),
      );
      const flags = ['--out', out ?? '', '--junit', junit ?? '', '--markdown', markdown ?? '', '--quiet'];
      const { code, stdout, stderr } = await wsdeliver(['bench', scenarios.path, ...flags]);
      expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
      expect(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split(':')[0]),
      ).toEqual(['a-passes', 'b-fails', 'c-says-nothing']);
      const codes = ['a-passes', 'b-fails', 'c-says-nothing'].map((name) => {
        const file = `${out}/${name}.json`;
        return parseResult(readFileSync(file, 'utf8'), file).exitCode;
      });
      expect(codes).toEqual([0, 3, 5]);
      const xml = readFileSync(junit ?? '', 'utf8');
      expect(unclosed(xml)).toEqual([]);
      for (const name of ['a-passes', 'b-fails', 'c-says-nothing']) {
        expect(xml).toContain(`"${name}"`);
        expect(readFileSync(markdown ?? '', 'utf8')).toContain(name);
      }
    } finally {
      scenarios.remove();
    }
  });
});

/** Elements that are opened and not closed, or closed and not open: none in well-formed XML. */
function unclosed(xml: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, closing, name = '', closed] of xml.matchAll(
    /<(\/?)([a-z]+)(?:\s+[a-zA-Z:-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (closing !== '/') open.push(...(closed === '/' ? [] : [name]));
    else if (open.pop() !== name) wrong.push(name);
  }
  const loose = xml.replaceAll(/<\?xml[^>]*\?>|<\/?[a-z]+(?:\s+[a-zA-Z:-]+="[^"<]*")*\s*\/?>/g, '');
  return [...open, ...wrong, ...(/[<]|&(?!amp;|lt;|gt;|quot;|apos;|#\d+;|#x[0-9a-f]+;)/i.exec(loose) ?? [])];
}
