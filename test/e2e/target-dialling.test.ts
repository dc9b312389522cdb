import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import { AUTHORITY, CHAT, EXPIRED } from '../world/real/certificates.ts';
import { LOCALHOST } from '../world/real/localhost-certificate.ts';
import { Folder, inTurn, type Outcome, RunningCommand, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';
import { answerWith, TargetServer } from './target-server.ts';

/** How clients connect to a target, against real `ws` servers: TLS, headers, users, addresses, rate, refusals. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
const servers: TargetServer[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  folder.remove();
});

folder.write('authority.pem', AUTHORITY);
folder.write('localhost.pem', LOCALHOST.cert);

function dialling(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

async function serving(options: ConstructorParameters<typeof TargetServer>[0] = {}): Promise<TargetServer> {
  const server = await new TargetServer(options).listen();
  servers.push(server);
  return server;
}

let files = 0;

/** A scenario of thirty clients with this `target`, as lines of YAML. */
function scenarioFile(target: readonly string[], options: Parameters<typeof smallScenario>[0] = {}): string {
  files += 1;
  const text = `${smallScenario({ name: `dial-${files}`, ...options })}target:\n  ${target.join('\n  ')}\n`;
  return folder.write(`dial-${files}.yaml`, text);
}

async function bench(
  target: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] } = {},
): Promise<Outcome> {
  const { env = {}, args = [] } = options;
  return wsdeliver(['bench', scenarioFile(target), ...args], { env });
}

describe('a target with TLS', () => {
  dialling('is trusted by its authority, and asked for by the name that is given', async () => {
    const server = await serving({ tls: CHAT });
    const { code, stdout } = await bench([
      `url: ${server.url}/ws`,
      'tls: { ca: authority.pem, servername: chat.test }',
    ]);
    expect(code, stdout).toBe(0);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`target ${server.url}/ws`);
    expect(server.handshakes).toHaveLength(31);
    expect(new Set(server.handshakes.map(({ servername }) => servername))).toEqual(new Set(['chat.test']));
  });

  dialling('is taken as it is when certificates do not count', async () => {
    const server = await serving({ tls: EXPIRED });
    const { code, stdout } = await bench([`url: ${server.url}`, 'tls: { insecure: true }']);
    expect(code, stdout).toBe(0);
  });

  const BAD = [
    {
      what: 'nobody known',
      tls: LOCALHOST,
      target: [],
      why: /DEPTH_ZERO_SELF_SIGNED_CERT .*"tls\.ca" names/,
    },
    {
      what: 'an authority that nobody knows',
      tls: CHAT,
      target: ['tls: { ca: localhost.pem }'],
      why: /UNABLE_TO_VERIFY_LEAF_SIGNATURE .*"tls\.ca" names/,
    },
    {
      what: 'expired',
      tls: EXPIRED,
      target: ['tls: { ca: authority.pem }'],
      why: /CERT_HAS_EXPIRED certificate has expired \("tls\.insecure: true" takes any certificate\)/,
    },
    {
      what: 'of another name',
      tls: CHAT,
      target: ['tls: { ca: authority.pem }'],
      why: /ERR_TLS_CERT_ALTNAME_INVALID .*"tls\.servername" says which name to expect/,
    },
  ];
  for (const { what, tls, target, why } of BAD) {
    dialling(`is unreachable with a certificate that is ${what}, and says what to do`, async () => {
      const server = await serving({ tls });
      const { code, stderr } = await bench([`url: ${server.url}`, ...target]);
      expect(code).toBe(6);
      expect(stderr).toContain('Cannot reach "wss:');
      expect(stderr).toMatch(why);
    });
  }

  dialling('is told from one without', async () => {
    const server = await serving();
    const { code, stderr } = await bench([`url: wss://${server.host}`]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/the server speaks no TLS there, an address with ws:\/\/ is one without/);
  });
});

describe('the handshake with a target', () => {
  dialling('has the headers and the address of each client, and its user', async () => {
    const server = await serving();
    folder.write('users.csv', '\uFEFFname,token\r\nann,"t-1,x"\r\n"bea",t-2\r\n');
    const json = folder.file('users.json.result');
    const { code, stdout } = await bench(
      [
        `url: "${server.url}/ws/{{ user.name }}?i={{ client.index }}&t={{ base64(user.token) }}"`,
        'headers: { Cookie: "sid={{ user.token }}; k={{ env.KEY }}", origin: "https://chat.test" }',
        'users: users.csv',
      ],
      { env: { KEY: 'k-secret-k' }, args: ['--json', json] },
    );
    expect(code, stdout).toBe(0);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const seen = server.handshakes.map(({ url, headers }) => [url, headers.cookie, headers.origin].join(' '));
    // Thirty clients, and behind them one publisher.
    const expected = Array.from({ length: 31 }, (_, index) => {
      const [name, token] = index % 2 === 0 ? ['ann', 't-1,x'] : ['bea', 't-2'];
      return `/ws/${name}?i=${index}&t=${base64(token)} sid=${token}; k=k-secret-k https://chat.test`;
    });
    expect(seen.sort()).toEqual(expected.sort());
    const result = readFileSync(json, 'utf8');
    expect(result).not.toMatch(/k-secret-k|t-1,x|t-2/);
    expect(parseResult(result, json)).toMatchObject({ driver: 'wsdeliver' });
  });

  dialling('offers the subprotocols that are given', async () => {
    const server = await serving({ subprotocol: 'chat.v2' });
    const { code } = await bench([`url: ${server.url}`, 'subprotocols: [wsdeliver.v1, chat.v2]']);
    expect(code).toBe(0);
    expect(server.handshakes[0]?.headers['sec-websocket-protocol']).toBe('wsdeliver.v1,chat.v2');
  });

  dialling('offers compression when it is told to, and only then', async () => {
    const server = await serving({ compression: true });
    expect(await bench([`url: ${server.url}`, 'compression: true'])).toMatchObject({ code: 0 });
    expect(server.extensions).toHaveLength(31);
    expect(server.extensions.every((names) => names === 'permessage-deflate')).toBe(true);
    server.extensions.length = 0;
    expect(await bench([`url: ${server.url}`, 'headers: { x-a: b }'])).toMatchObject({ code: 0 });
    expect(server.extensions.every((names) => names === '')).toBe(true);
  });

  dialling('follows a redirect, over a bare socket too', async () => {
    const server = await serving();
    const front = await serving({
      answer: (request, socket) => answerWith(socket, '302 Found', [`Location: ${server.url}${request.url}`]),
    });
    const { code, stdout } = await bench([`url: ${front.url}/live`]);
    expect(code, stdout).toBe(0);
    expect(server.handshakes.filter(({ url }) => url === '/live')).toHaveLength(31);
    // The publisher meets the redirect first, so that no client fails by it.
    expect(front.handshakes).toHaveLength(32);
  });

  dialling('gives a circle of redirects up', async () => {
    const server = await serving({
      answer: (_, socket) => answerWith(socket, '307 Temporary', ['Location: /again']),
    });
    const { code, stderr } = await bench([`url: ${server.url}`]);
    expect(code).toBe(6);
    expect(stderr).toContain('Maximum redirects exceeded');
  });

  for (const headers of [[], ['headers: { x-a: b }']]) {
    dialling(`says the status by which it was refused, ${headers.length} headers`, async () => {
      const server = await serving({ answer: (_, socket) => answerWith(socket, '503 Service Unavailable') });
      const { code, stderr } = await bench([`url: ${server.url}`, ...headers]);
      expect(code).toBe(6);
      expect(stderr).toMatch(/Unexpected server response: 503/);
    });

    dialling(`is given up after the timeout, ${headers.length} headers`, async () => {
      const server = await serving({ answer: () => true });
      const { code, stderr } = await bench([`url: ${server.url}`, 'timeout: 300ms', ...headers]);
      expect(code).toBe(6);
      expect(stderr).toContain('Opening handshake has timed out');
      // Each attempt of the publisher takes 300 ms and a backoff of at most 2 s, for 5 s.
      expect(server.handshakes.length).toBeGreaterThan(2);
    });
  }

  dialling('keeps secrets that a server repeats out of messages', async () => {
    const server = await serving({
      answer: (_, socket) => {
        socket.end('HTTP/1.1 101 x\r\nUpgrade: nothing\r\n\r\n');
        return true;
      },
    });
    const { stderr } = await bench(
      [`url: "${server.url}/?token={{ env.PASS }}"`, 'headers: { authorization: "Bearer hunter22" }'],
      { env: { PASS: 'swordfish' } },
    );
    expect(stderr).toContain(`Cannot reach "${server.url}/?token={{ env.PASS }}"`);
    expect(stderr).not.toMatch(/swordfish|hunter22/);
  });
});

describe('a first look', () => {
  dialling('needs nothing but an address', async () => {
    const server = await serving();
    const { code, stdout } = await wsdeliver(['bench', '--target', server.url, '--driver', 'wsdeliver']);
    expect(code, stdout).toBe(0);
    expect(stdout).toContain('first-look');
    expect(stdout).toContain(`target ${server.url}`);
    expect(server.handshakes).toHaveLength(101);
  });

  dialling('knows the drivers that there are, and wants an address', async () => {
    const unknown = await wsdeliver(['bench', '--target', 'ws://127.0.0.1:1', '--driver', 'wsdelivr']);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain('--driver wsdelivr: Cannot use the driver "wsdelivr"');
    expect(unknown.stderr).toContain('did you mean "wsdeliver"?');
    const nowhere = await wsdeliver(['bench', '--driver', 'wsdeliver']);
    expect(nowhere).toMatchObject({ code: 2 });
    expect(nowhere.stderr).toContain('--driver wsdeliver: Cannot use a target without an address');
  });

  dialling('replaces the address alone of a scenario that has more', async () => {
    const server = await serving();
    const file = scenarioFile(['url: ws://127.0.0.1:1', 'headers: { x-kept: yes-it-is }']);
    const { code, stdout } = await wsdeliver(['bench', file, '--target', `${server.url}/other`]);
    expect(code, stdout).toBe(0);
    expect(server.handshakes[0]).toMatchObject({ url: '/other', headers: { 'x-kept': 'yes-it-is' } });
  });
});

describe('several addresses', () => {
  async function pair(): Promise<[TargetServer, TargetServer]> {
    const first = await serving();
    return [first, await serving({ beside: first })];
  }

  dialling('have the clients spread over them', async () => {
    const [first, second] = await pair();
    const { code, stdout } = await bench([`url: [${first.url}, ${second.url}]`]);
    expect(code, stdout).toBe(0);
    // Thirty clients; the publisher is number 30.
    expect([first.handshakes.length, second.handshakes.length]).toEqual([16, 15]);
  });

  for (const { reconnectTo, dials } of [
    { reconnectTo: 'same', dials: [[2, 0]] },
    { reconnectTo: 'next', dials: [[1, 1]] },
    {
      reconnectTo: 'random',
      dials: [
        [2, 0],
        [1, 1],
      ],
    },
  ]) {
    dialling(`let a client come back to the ${reconnectTo} one`, async () => {
      const [first, second] = await pair();
      const url = (server: TargetServer): string => `"${server.url}/{{ client.index }}"`;
      const file = scenarioFile([`url: [${url(first)}, ${url(second)}]`, `reconnectTo: ${reconnectTo}`], {
        faults: ['{ at: 300ms, do: drop, clients: { ids: [4] } }'],
      });
      const { code, stdout } = await wsdeliver(['bench', file]);
      expect(code, stdout).toBe(0);
      const seen = [first, second].map(
        ({ handshakes }) => handshakes.filter(({ url: path }) => path === '/4').length,
      );
      expect(dials).toContainEqual(seen);
    });
  }
});

describe('connectRate', () => {
  dialling('holds the attempts of all workers to a rate', async () => {
    const server = await serving();
    const file = scenarioFile([`url: ${server.url}`, 'connectRate: 10/s']);
    const { code, stdout } = await wsdeliver(['bench', file, '--workers', '2']);
    expect(code, stdout).toBe(0);
    // The first handshake is that of the publisher.
    const at = server.handshakes.slice(1).map(({ atMs }) => atMs);
    const spanMs = (at.at(-1) ?? 0) - (at[0] ?? 0);
    // Thirty attempts in two processes take 14 slots of 200 ms each; without a rate they take the ramp-up of 100 ms.
    expect(at).toHaveLength(30);
    expect(spanMs).toBeGreaterThan(2500);
    expect(spanMs).toBeLessThan(6000);
  });

  dialling('counts those that come back', async () => {
    const server = await serving();
    const file = scenarioFile([`url: ${server.url}`, 'connectRate: 15/s'], { load: '5s', settle: '5s' });
    const running = new RunningCommand(['bench', file]);
    await running.shows(/\[load 2\./);
    const before = server.handshakes.length;
    server.dropAll();
    const fromMs = performance.now();
    const { code, stdout } = await running.outcome;
    expect(code, stdout).not.toBe(6);
    const returns = server.handshakes.slice(before).filter(({ atMs }) => atMs >= fromMs);
    expect(returns.length).toBeGreaterThanOrEqual(30);
    // One second after the drop: 15 clients, and the publisher, which nothing holds up; 30 would be back by then.
    const soon = returns.filter(({ atMs }) => atMs < fromMs + 1000);
    expect(soon.length).toBeLessThan(20);
  });
});
