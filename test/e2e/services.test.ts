import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import {
  COMMAND,
  Folder,
  inTurn,
  isGone,
  type Outcome,
  RunningCommand,
  until,
  wsdeliver,
} from './command.ts';

/** `services:` as processes: a served reference broadcaster, and programs that behave badly in each way there is. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

const SERVE = `${process.execPath} ${COMMAND} serve --port {{ port }}`;

/** A server that is ready and does nothing else; `pid` files say which processes there are. */
const IDLE = folder.write(
  'idle.mjs',
  `import { createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
writeFileSync(process.env.PID_FILE, String(process.pid));
console.log('listening');
createServer().listen(Number(process.env.PORT), '127.0.0.1');`,
);

type Service = Readonly<Record<string, unknown>>;

function idle(more: Service = {}): Service {
  const env = { PORT: '{{ port }}', PID_FILE: `${folder.file('pid')}-{{ port }}` };
  return { command: `${process.execPath} ${IDLE}`, env, ...more };
}

interface Run {
  readonly services: Readonly<Record<string, Service>>;
  readonly load?: string;
  readonly faults?: readonly string[];
  readonly allowReported?: string;
  readonly assert?: readonly string[];
  readonly target?: string;
}

function scenario(name: string, run: Run): string {
  return folder.write(
    `${name}.yaml`,
    [
      `name: ${name}`,
      // JSON is YAML, where braces in texts need no care.
      `services: ${JSON.stringify(run.services)}`,
      `target: "${run.target ?? 'ws://127.0.0.1:{{ services.app.port }}'}"`,
      'server: { outbox: { ackTimeout: 300ms } }',
      'clients: [{ count: 20, rooms: [ticks], reconnect: { max: 500ms } }]',
      'publish: [{ room: ticks, rate: 20/s, size: 64B }]',
      `duration: { rampUp: 100ms, warmUp: 100ms, load: ${run.load ?? '3s'}, settle: 10s }`,
      ...(run.faults === undefined ? [] : ['faults:', ...run.faults.map((fault) => `  - ${fault}`)]),
      `expect: { allowReported: [${run.allowReported ?? ''}], assert: [${(run.assert ?? []).map((text) => `'${text}'`).join()}] }`,
      '',
    ].join('\n'),
  );
}

async function bench(name: string, run: Run): Promise<Outcome & { readonly result: () => Result }> {
  const json = folder.file(`${name}.json`);
  const outcome = await wsdeliver(['bench', scenario(name, run), '--json', json]);
  return { ...outcome, result: () => parseResult(readFileSync(json, 'utf8'), json) };
}

/** Every process with this text in its command line. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .filter((pid) => !isGone(pid) && commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function one(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

describe('a service', () => {
  one('is started, waited for, measured and ended, and the server in it is judged', async () => {
    const { code, stdout, stderr, result } = await bench('served', {
      services: { app: { command: SERVE, ready: { line: 'wsdeliver.v1' } } },
      assert: [
        'delivery.lost.silent == 0',
        'saturation.services.rss{service:app}.max > 1MiB',
        'saturation.services.descriptors{service:app}.max > 20',
        'saturation.services.threads{service:app}.max >= 2',
        'saturation.services.cpu{service:app}.max < 8',
      ],
    });
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stderr).toContain('starting app  0 of 1 ready');
    expect(stdout).toMatch(/SERVICES .*port .*starts .*crashes/);
    const [app] = result().services ?? [];
    expect(app).toMatchObject({ name: 'app', starts: 1, ends: [] });
    expect(app).not.toHaveProperty('output');
    expect(processesWith(`--port ${app?.port}`)).toEqual([]);
  });

  one('that is killed comes back, and what it forgot is not lost silently', async () => {
    const { code, result } = await bench('killed', {
      services: { app: { command: SERVE } },
      load: '4s',
      faults: ['{ do: service-kill, at: 1s, down: 300ms, service: app }'],
      allowReported: 'restart',
      assert: ['delivery.lost.silent == 0', 'faults.service-kill.fired == 1'],
    });
    expect(code).toBe(0);
    expect(result().services).toMatchObject([{ starts: 2, ends: [{ by: 'fault', signal: 'SIGKILL' }] }]);
  });

  one('that is restarted ends by its own signal first', async () => {
    const { code, result } = await bench('restarted', {
      services: { app: { command: SERVE, stop: { signal: 'SIGINT', within: '5s' } } },
      load: '4s',
      faults: ['{ do: service-restart, at: 1s, service: app }'],
      allowReported: 'restart',
      assert: ['delivery.lost.silent == 0'],
    });
    expect(code).toBe(0);
    expect(result().services).toMatchObject([{ starts: 2, ends: [{ by: 'fault', exitCode: 0 }] }]);
  });

  one('that stands still for a while loses nothing and is no crash', async () => {
    const { code, result } = await bench('paused', {
      services: { app: { command: SERVE } },
      load: '4s',
      faults: ['{ do: service-pause, at: 1s, for: 800ms, service: app }'],
      assert: ['delivery.lost.silent == 0', 'latency.push.max > 500ms'],
    });
    expect(code).toBe(0);
    expect(result().services).toMatchObject([{ starts: 1, ends: [] }]);
  });

  one('that ends by itself is a violation, with what it wrote last and without its secrets', async () => {
    const script = `${SERVE} & sleep 2; printf 'API_TOKEN=hunter2 \\033[2J\\n'; kill $!; exit 7`;
    const { code, stdout, result } = await bench('dying', {
      services: { app: { command: `sh -c ${script}` } },
      assert: ['delivery.published > 0'],
    });
    expect(code).toBe(4);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /service app ended by itself \(exit code 7\), [0-2]\.\d s after the load began/,
    );
    expect(stdout).toContain('API_TOKEN=***');
    expect(stdout).not.toContain('hunter2');
    expect(result().reasons[0]).toMatchObject({ code: 'service-crashed', service: 'app', exitCode: 7 });
    expect(result().services?.[0]?.output?.join()).toContain('API_TOKEN=***');
  });

  one('that never gets ready is told in a sentence, with its output', async () => {
    const deaf = folder.write('deaf.mjs', "console.error('no database');setInterval(() => {}, 1000);");
    const { code, stdout, stderr } = await bench('deaf', {
      services: {
        app: {
          command: `${process.execPath} ${deaf}`,
          ready: { http: 'http://127.0.0.1:{{ port }}/', within: '700ms' },
        },
      },
    });
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(
      /Cannot start service "app": it was not ready within 700 ms, http:\S+ does not answer \(ECONNREFUSED\)\nThe last 1 line of its output:\n {2}no database\n$/,
    );
    expect(processesWith(deaf)).toEqual([]);
  });

  one('that ends at once is told likewise', async () => {
    const { code, stderr } = await bench('brief', {
      services: { app: { command: "sh -c 'echo boom {{ port }}; exit 3'" } },
    });
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /Cannot start service "app": it ended with exit code 3 before the run began, a process that stays is wanted\nThe last 1 line of its output:\n {2}boom \d+\n$/,
    );
  });

  one('gets another port when somebody takes its own before it does', async () => {
    const marker = folder.file('taken');
    const holder = folder.write(
      'holder.mjs',
      `import { createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
createServer().listen(Number(process.argv[2]), () => writeFileSync(process.argv[3], 'held'));`,
    );
    const first = `test -e ${marker} || { touch ${marker}; (setsid ${process.execPath} ${holder} {{ port }} ${marker} &); until test -s ${marker}; do sleep 0.05; done; exit 98; }`;
    const { code, stderr, result } = await bench('taken', {
      services: { app: { command: `sh -c ${first}; exec ${SERVE}` } },
      load: '1s',
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(result().services).toMatchObject([{ starts: 2, ends: [] }]);
    expect(processesWith(holder)).toEqual([]);
  });

  one('that is killed while it is being restarted is started once', async () => {
    const { code, result } = await bench('twice', {
      services: { app: { command: SERVE }, beside: idle({ stop: { signal: 'SIGUSR1', within: '2s' } }) },
      load: '4s',
      faults: [
        '{ do: service-pause, at: 200ms, for: 3s, service: beside }',
        '{ do: service-restart, at: 500ms, service: beside }',
        '{ do: service-kill, at: 1s, down: 0ms, service: beside }',
      ],
    });
    expect(code).toBe(0);
    expect(result().services?.[1]).toMatchObject({ starts: 2, ends: [{ by: 'fault' }] });
  });

  one('that ignores its stop signal is killed, and so are the children that it forked', async () => {
    const stubborn = folder.write(
      'stubborn.mjs',
      `import { spawn } from 'node:child_process';
process.on('SIGTERM', () => {});
spawn(process.execPath, [${JSON.stringify(IDLE)}], { env: { ...process.env, PORT: '0' } });
spawn(process.execPath, [${JSON.stringify(IDLE)}], { env: { ...process.env, PORT: '0' }, detached: true });
await import(${JSON.stringify(IDLE)});`,
    );
    const { code } = await bench('stubborn', {
      services: {
        app: { command: SERVE },
        beside: {
          command: `${process.execPath} ${stubborn}`,
          env: { PORT: '{{ port }}', PID_FILE: folder.file('x') },
          stop: { within: '200ms' },
        },
      },
      load: '1s',
    });
    expect(code).toBe(0);
    expect(processesWith(stubborn)).toEqual([]);
    expect(
      processesWith(IDLE).filter((pid) =>
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder.file('x')),
      ),
    ).toEqual([]);
  });

  one('has one process after the other restarted where it has several, as in a rolling deploy', async () => {
    const { code, result } = await bench('rolling', {
      services: { app: { command: SERVE }, beside: idle({ count: 2 }) },
      load: '4s',
      faults: ['{ do: service-restart, at: 500ms, service: beside }'],
      assert: ['faults.service-restart.planned == 2', 'faults.service-restart.fired == 2'],
    });
    expect(code).toBe(0);
    const [, first, second] = result().services ?? [];
    expect([first, second]).toMatchObject([
      { name: 'beside-1', starts: 2, ends: [{ by: 'fault', signal: 'SIGTERM' }] },
      { name: 'beside-2', starts: 2, ends: [{ by: 'fault', signal: 'SIGTERM' }] },
    ]);
    expect(second?.ends[0]?.atMs).toBeGreaterThan(first?.ends[0]?.atMs ?? Number.POSITIVE_INFINITY);
  });
});

describe('services', () => {
  for (const signal of ['SIGKILL', 'SIGINT', 'SIGHUP'] as const)
    one(`leave nothing behind when the tool gets ${signal}`, async () => {
      const file = scenario(`ended-${signal.toLowerCase()}`, {
        services: { app: { command: `${SERVE} --max-sessions 77${signal.length}` }, beside: idle() },
        load: '30s',
      });
      const command = new RunningCommand(['bench', file]);
      await command.shows(/\[load 0\./);
      const started = [...processesWith(`--max-sessions 77${signal.length}`)];
      expect(started.length).toBe(1);
      command.process.kill(signal);
      await command.outcome;
      await until(() => started.every(isGone), 10_000);
      await until(
        () => processesWith('watchdog').filter((pid) => commandLine(pid).includes('services')).length <= 2,
      );
    });

  one('are ended when one of them is interrupted while it starts', async () => {
    const file = scenario('slow-start', {
      services: { app: idle({ ready: { line: 'never', within: '1m' } }) },
    });
    const command = new RunningCommand(['bench', file]);
    await command.shows(/starting app/);
    command.process.kill('SIGTERM');
    expect(await command.outcome).toMatchObject({ code: 143, stdout: '' });
  });

  one('get ports that are free, each its own', async () => {
    const { code, result } = await bench('ports', {
      services: { app: { command: SERVE }, beside: idle({ count: 3 }) },
      load: '1s',
    });
    expect(code).toBe(0);
    const ports = (result().services ?? []).map(({ port }) => port);
    expect(new Set(ports).size).toBe(4);
    for (const port of ports) await expectFree(port);
  });

  it('can be checked without starting any', async () => {
    const file = folder.write(
      'wrong.yaml',
      `name: wrong
services:
  app: { command: "node {{ port }}", ready: { htp: x } }
  odd: { command: "node 'server.js {{ port }}" }
  front: { command: "node {{ services.back.port }} | cat {{ port }}" }
  back: { command: "node {{ client.index }}", ready: {} }
  late: { command: "node {{ port }}", ready: { line: a, within: soon } }
  mute: { command: node }
  lost: { command: "no-such-program {{ port }} {{ env.NO_SUCH_VARIABLE }}", cwd: "." }
  nowhere: { command: "node {{ port }}", cwd: no-such-folder }
faults:
  - { do: service-kill, service: ap }
  - { do: drop, service: app }
  - { do: service-pause, at: 1s, for: 1h, service: app }
expect: { assert: ['saturation.services.rss{service:other}.max < 1MiB', 'saturation.services.rss.max < 1MiB'] }
`,
    );
    const { code, stderr } = await wsdeliver(['validate', file]);
    expect(code).toBe(2);
    const found = stderr.replaceAll(`${file}:`, '').split('\n');
    expect(found).toEqual([
      expect.stringMatching(/^2:1: Cannot test services: .* a "target" that leads to them is wanted/),
      expect.stringMatching(
        /^3:\d+: Cannot read "htp": "services.app.ready" has no such key, did you mean "http"/,
      ),
      expect.stringMatching(/^4:\d+: Cannot read the command: a quote ' is not closed/),
      expect.stringMatching(/^5:\d+: Cannot use the port of "back": it is started after "front"/),
      expect.stringMatching(
        /^5:\d+: Cannot run "\|": no shell reads the command, "sh -c" in front of it is wanted/,
      ),
      expect.stringMatching(/^6:\d+: Cannot use "client.index": no client is there when services start/),
      expect.stringMatching(/^6:\d+: Cannot wait for that: either "http" or "line" is wanted/),
      expect.stringMatching(/^7:\d+: Cannot read "soon": a duration is wanted/),
      expect.stringMatching(/^8:\d+: Cannot wait for the port of "mute": it is never told which/),
      expect.stringMatching(
        /^9:\d+: Cannot run "no-such-program": no folder of PATH has a program of this name/,
      ),
      expect.stringMatching(
        /^9:\d+: Cannot use "env.NO_SUCH_VARIABLE": the environment has no NO_SUCH_VARIABLE/,
      ),
      expect.stringMatching(/^10:\d+: Cannot work in "no-such-folder": there is no such folder/),
      expect.stringMatching(
        /^12:\d+: Cannot do "service-kill" to "ap": no service has this name, did you mean "app"/,
      ),
      expect.stringMatching(/^13:\d+: Cannot use "service": "drop" does not happen to services/),
      expect.stringMatching(/^14:\d+: Cannot hold "service-pause" for 60m from 1s on/),
      expect.stringMatching(
        /^15:\d+: Cannot assert "\{service:other\}": no service has the instance "other"/,
      ),
      expect.stringMatching(/^15:\d+: Cannot assert .*kept for each service, \{service:<name>\} is wanted/),
      '',
    ]);
  });

  it('are no matter for virtual time', async () => {
    const file = scenario('simulated', { services: { app: { command: SERVE } } });
    const { code, stderr } = await wsdeliver(['simulate', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot simulate the service "app": it is a process, and virtual time has none');
  });
});

async function expectFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
  await new Promise((closed) => server.close(closed));
}
