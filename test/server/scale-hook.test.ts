import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BroadcastAlert } from '../../src/broadcaster/monitoring/alerts.ts';
import { ScaleHook } from '../../src/server/scale-hook.ts';

const ALERT: BroadcastAlert = {
  name: 'buffer',
  atUs: 1,
  detail: 'buffer of c7 is 90 % full',
  clientId: 'c7',
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsdeliver-hook-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function hookOf(settings: { readonly command?: string; readonly webhook?: string }): {
  readonly hook: ScaleHook;
  readonly troubles: string[];
} {
  const troubles: string[] = [];
  return { troubles, hook: new ScaleHook({ settings, onTrouble: (what) => troubles.push(what) }) };
}

/** A command that leaves behind what an expression gives. */
function writes(file: string, expression: string): string {
  const program = `require('node:fs').appendFileSync(process.argv[1], ${expression})`;
  return `"${process.execPath}" -e "${program}" "${file}"`;
}

describe('scale hook: command', () => {
  it('finds the alert in its environment', async () => {
    const file = join(folder, 'out');
    const { hook, troubles } = hookOf({
      command: writes(file, "[process.env.WSDELIVER_ALERT, process.env.WSDELIVER_ALERT_CLIENT].join(':')"),
    });
    hook.run(ALERT);
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('buffer:c7'), 10_000);
    hook.stop();
    expect(troubles).toEqual([]);
  });

  it('tells when it fails', async () => {
    const { hook, troubles } = hookOf({ command: 'exit 3' });
    hook.run(ALERT);
    await vi.waitFor(() => expect(troubles).toEqual(['the scale command failed: exit code 3']), 10_000);
    hook.stop();
  });

  it('runs at most twenty times', async () => {
    const { hook, troubles } = hookOf({ command: 'exit 1' });
    for (let alert = 0; alert < 30; alert += 1) hook.run(ALERT);
    await vi.waitFor(() => expect(troubles).toHaveLength(20), 20_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(troubles).toHaveLength(20);
    hook.stop();
  }, 30_000);

  it('is ended with the run, and says nothing then', async () => {
    const { hook, troubles } = hookOf({ command: 'sleep 30' });
    hook.run(ALERT);
    hook.stop();
    hook.run(ALERT);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(troubles).toEqual([]);
  });
});

describe('scale hook: webhook', () => {
  let server: Server;
  let url = '';
  const bodies: string[] = [];
  let status = 200;

  beforeEach(async () => {
    bodies.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scale`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gets each alert as JSON', async () => {
    status = 204;
    const { hook, troubles } = hookOf({ webhook: url });
    hook.run(ALERT);
    await vi.waitFor(() => expect(bodies).toHaveLength(1), 10_000);
    expect(JSON.parse(bodies[0] ?? '')).toEqual({ alert: 'buffer', detail: ALERT.detail, client: 'c7' });
    hook.stop();
    expect(troubles).toEqual([]);
  });

  it('that answers with an error is told of', async () => {
    status = 503;
    const { hook, troubles } = hookOf({ webhook: url });
    hook.run(ALERT);
    await vi.waitFor(() => expect(troubles).toEqual(['the scale webhook failed: status 503']), 10_000);
    hook.stop();
  });
});
