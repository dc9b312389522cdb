import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { type Family, sampleOf, scrape } from '../server/prometheus-text.ts';
import { Folder, inTurn, RunningCommand, until, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** What the commands tell beside their report: metrics for Prometheus, and dead letters. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

const POISON = folder.write(
  'poison.yaml',
  smallScenario({
    name: 'poison',
    server: '{ delivery: effectively-once, outbox: { ackTimeout: 200ms, nackBackoff: 50ms, maxResend: 1 } }',
    profile: 'handler: { poison: 5 }, upstream: { rate: 5/s }',
    load: '2500ms',
    faults: ['{ do: lose-acks, probability: 30% }', '{ do: drop, at: 500ms }'],
    allowReported: '[max-resend, nack]',
    assert: ['delivery.lost.silent == 0', 'broadcast.deadLetters > 0'],
  }),
);

function beside(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

describe('--metrics-port', () => {
  beside('of bench is scraped over HTTP during the run', async () => {
    const run = new RunningCommand(['bench', POISON, '--quiet', '--metrics-port', '0']);
    await run.shows(/Metrics on (\S+)\n/);
    const url = metricsUrl(run);
    const scrapes: Map<string, Family>[] = [];
    while (run.process.exitCode === null) {
      const families = await scrape(url).catch(() => undefined);
      if (families !== undefined) scrapes.push(families);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await run.outcome).toMatchObject({ code: 0 });
    const last = scrapes.at(-1) ?? new Map<string, Family>();
    expect(last.get('ws_outbox_pending')?.type).toBe('gauge');
    for (const name of ['ws_delivery_resend_total', 'ws_delivery_failed_total', 'ws_dedup_rejected_total']) {
      expect(last.get(name)?.type, name).toBe('counter');
    }
    expect(sampleOf(last, 'ws_delivery_resend_total', { type: 'tick' })).toBeGreaterThan(0);
    expect(sampleOf(last, 'ws_delivery_failed_total', { type: 'tick' })).toBeGreaterThan(0);
    expect(sampleOf(last, 'ws_delivery_failed_total', { type: 'probe' })).toBe(0);
    expect(sampleOf(last, 'ws_dedup_rejected_total')).toBeGreaterThan(0);
    expect(Math.max(...scrapes.map((one) => sampleOf(one, 'ws_connections') ?? 0))).toBe(30);
    // Twenty of thirty clients by name, and the others together.
    const named = scrapes.find((one) => (one.get('ws_outbox_pending')?.samples.length ?? 0) > 20);
    expect(named?.get('ws_outbox_pending')?.samples).toHaveLength(21);
    expect(named?.get('ws_outbox_pending')?.samples.at(-1)?.labels).toEqual({ client: 'other' });
    for (const name of ['nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes']) {
      expect(sampleOf(last, name), name).toBeDefined();
    }
    const cpu = scrapes.map((one) => sampleOf(one, 'process_cpu_seconds_total') ?? 0);
    expect(cpu).toEqual(cpu.toSorted((a, b) => a - b));
  });

  beside('of serve is there while it serves', async () => {
    const server = new RunningCommand([
      'serve',
      '--port',
      '0',
      '--metrics-port',
      '0',
      '--metrics-clients',
      'all',
    ]);
    try {
      await server.shows(/Metrics on (\S+)\n/);
      const families = await scrape(metricsUrl(server));
      expect(sampleOf(families, 'ws_connections')).toBe(0);
      expect(families.get('ws_outbox_pending')?.samples).toEqual([]);
    } finally {
      server.process.kill('SIGTERM');
    }
    expect(await server.outcome).toMatchObject({ code: 0 });
  });

  beside('that is taken is told in a sentence', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    for (const command of [
      ['bench', POISON],
      ['serve', '--port', '0'],
    ]) {
      const { code, stderr } = await wsdeliver([...command, '--metrics-port', String(port)]);
      expect(code).toBe(2);
      expect(stderr).toBe(
        `Cannot listen on "127.0.0.1:${port}" for the metrics: another process has the port, a free one is wanted (stop that process, or choose another port; 0 takes any)\n`,
      );
    }
    blocker.close();
  });

  beside('is wanted by --metrics-clients', async () => {
    const { code, stderr } = await wsdeliver(['bench', POISON, '--metrics-clients', '5']);
    expect([code, stderr]).toEqual([
      2,
      'Cannot use --metrics-clients 5: there are no metrics, --metrics-port is wanted too\n',
    ]);
  });
});

describe('--dead-letters', () => {
  beside('of bench has a line for each, with what was in it', async () => {
    const file = folder.file('letters.jsonl');
    const json = folder.file('poison.json');
    const { code } = await wsdeliver(['bench', POISON, '--quiet', '--dead-letters', file, '--json', json]);
    expect(code).toBe(0);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const { broadcast } = JSON.parse(readFileSync(json, 'utf8')) as {
      readonly broadcast: { readonly deadLetters: number };
    };
    expect(lines).toHaveLength(broadcast.deadLetters);
    for (const line of lines) {
      const letter = JSON.parse(line) as Record<string, unknown>;
      expect(letter).toMatchObject({
        scenario: 'poison',
        room: 'ticks',
        type: 'tick',
        payload: { stamp: expect.any(String) },
      });
      expect(['max-resend', 'nack']).toContain(letter.reason);
      expect(Date.parse(String(letter.instant))).toBeGreaterThan(Date.now() - 120_000);
    }
  });

  beside('of bench that can not be written is told before the run', async () => {
    const { code, stderr } = await wsdeliver(['bench', POISON, '--dead-letters', folder.path]);
    expect(code).toBe(2);
    expect(stderr).toBe(`Cannot write "${folder.path}": it is a folder, a file is wanted\n`);
  });

  beside('of serve are appended as they come', async () => {
    const file = folder.write('serve.jsonl', '{"older":true}\n');
    const server = new RunningCommand(['serve', '--port', '0', '--scenario', POISON, '--dead-letters', file]);
    try {
      await until(() => server.stdout.includes('\n'));
      const url = /ws:\/\/\S+?(?=,)/.exec(server.stdout)?.[0] ?? '';
      const target = smallScenario({
        server: '{ delivery: effectively-once, outbox: { ackTimeout: 200ms } }',
        profile: 'handler: { poison: 5, nackRetry: false }',
        allowReported: '[nack]',
        assert: ['delivery.lost.reportedBy.nack > 0'],
      });
      const outcome = await wsdeliver([
        'bench',
        folder.write('target.yaml', target),
        '--target',
        url,
        '--quiet',
      ]);
      expect(outcome).toMatchObject({ code: 0 });
      await until(() => readFileSync(file, 'utf8').split('\n').length > 30, 5000);
    } finally {
      server.process.kill('SIGTERM');
    }
    await server.outcome;
    const [first, ...letters] = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(first).toEqual({ older: true });
    for (const letter of letters)
      expect(letter).toMatchObject({ reason: 'nack', attempts: 1, room: 'ticks' });
  });
});

function metricsUrl({ stderr }: RunningCommand): string {
  return /Metrics on (\S+)\n/.exec(stderr)?.[1] ?? '';
}
