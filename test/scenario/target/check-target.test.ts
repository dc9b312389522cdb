import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenario/parse.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';
import type { Surroundings } from '../../../src/scenario/target/surroundings.ts';
import type { Target } from '../../../src/scenario/target/target-schema.ts';
import { writeScenario } from '../../../src/scenario/write-scenario.ts';
import { scenarioOf } from '../sample.ts';

const FILES: Readonly<Record<string, string>> = {
  'users.csv': 'id,token\n1,aa\n2,"b b"\n',
  'short.csv': 'id,token\n1\n',
  'empty.csv': 'id,token\n',
  'hosts.json': '[{"host":"127.0.0.1:1","n":1},{"host":"127.0.0.1:2"},{"host":"bad host"}]',
  './own.mjs': 'export {};',
  'ca.pem': 'a certificate',
  'text.pem': 'none',
};

const SURROUNDINGS: Surroundings = {
  folderProblem: () => undefined,
  programProblem: () => undefined,
  env: { TOKEN: 'secret', HOST: 'localhost:9' },
  readFile(path) {
    const text = FILES[path];
    return text === undefined
      ? { ok: false, why: 'there is no such file' }
      : { ok: true, bytes: new TextEncoder().encode(text) };
  },
  certificateProblem: (pem) => (pem === 'a certificate' ? undefined : 'it holds no certificate in PEM'),
};

function problemsOf(
  target: string,
  overrides: Parameters<typeof parseScenario>[1]['overrides'] = [],
): string[] {
  const outcome = parseScenario(target, { file: 'a.yaml', overrides, surroundings: SURROUNDINGS });
  return outcome.ok ? [] : outcome.problems.map(formatProblem);
}

function targetOf(text: string): Target | undefined {
  const outcome = parseScenario(text, { file: 'a.yaml', surroundings: SURROUNDINGS });
  if (!outcome.ok) throw new Error(outcome.problems.map(formatProblem).join('\n'));
  return outcome.scenario.target;
}

const BESIDE = 'target:\n  url: ws://h:1/\n';

describe('a target', () => {
  it('is an address alone, or a map with one or several', () => {
    const plain = targetOf('target: ws://h:1/x');
    expect(plain).toEqual({
      url: ['ws://h:1/x'],
      driver: 'wsdeliver',
      options: {},
      headers: {},
      tls: { insecure: false },
      compression: false,
      timeout: 10_000,
      reconnectTo: 'same',
    });
    expect(targetOf('target: { url: ws://h:1/x }')).toEqual(plain);
    expect(targetOf('target: { url: [ws://h:1/x] }')).toEqual(plain);
    expect(targetOf('target: { url: [ws://h:1/x, ws://i:1/x] }')?.url).toEqual(['ws://h:1/x', 'ws://i:1/x']);
  });

  it('has every key of the schema', () => {
    const text = [
      'target:',
      '  url: [ "wss://127.0.0.1:8443/ws/{{ user.id }}?t={{ user.token }}", "wss://{{ env.HOST }}/" ]',
      '  headers: { cookie: "sid={{ env.TOKEN }}", origin: https://example.test }',
      '  subprotocols: [chat.v2]',
      '  tls: { ca: ca.pem, servername: chat.test }',
      '  compression: true',
      '  timeout: 3s',
      '  connectRate: 200/s',
      '  reconnectTo: next',
      '  users: users.csv',
    ].join('\n');
    // A value with a space can't stand in an address.
    expect(problemsOf(text)[0]).toMatch(/for client 1: it has a space/);
    expect(targetOf(text.replace('{{ user.token }}', '{{ base64(user.token) }}'))).toMatchObject({
      headers: { cookie: 'sid={{ env.TOKEN }}', origin: 'https://example.test' },
      subprotocols: ['chat.v2'],
      tls: { ca: 'ca.pem', servername: 'chat.test', insecure: false },
      compression: true,
      timeout: 3000,
      connectRate: 200,
      reconnectTo: 'next',
      users: 'users.csv',
    });
  });

  it('is the same after it was written', () => {
    const scenario = scenarioOf(
      'target: { url: [ws://h:1/, "ws://i/{{ client.index }}"], reconnectTo: random, timeout: 3s, compression: true }',
    );
    expect(scenarioOf(writeScenario(scenario)).target).toEqual(scenario.target);
  });

  it('never writes the value of a header', () => {
    const scenario = scenarioOf('target: { url: ws://u:p@h/?token=abc, headers: { x-user: hunter2 } }');
    expect(writeScenario(scenario)).not.toMatch(/hunter2|u:p|abc/);
  });

  it('has its address overridden alone', () => {
    const overrides = [{ path: 'target.url', value: 'ws://other:2/', origin: '--target ws://other:2/' }];
    const text = 'target: { url: [ws://h:1/], compression: true }';
    const outcome = parseScenario(text, { file: 'a.yaml', overrides });
    expect(outcome).toMatchObject({
      ok: true,
      scenario: { target: { url: ['ws://other:2/'], compression: true } },
    });
    expect(parseScenario('target: ws://h:1/', { file: 'a.yaml', overrides })).toMatchObject({
      ok: true,
      scenario: { target: { url: ['ws://other:2/'] } },
    });
  });

  it('names the override that is wrong', () => {
    const overrides = [{ path: 'target.url', value: 'http://x', origin: '--target http://x' }];
    expect(problemsOf('name: a', overrides)).toEqual([
      '--target http://x: Cannot use "http://x" as a target: it is no WebSocket address, ws://host:port/path is wanted',
    ]);
  });
});

describe('a target that is wrong', () => {
  it.each([
    ['target: http://h', '1:9', 'it is no WebSocket address'],
    ['target: { url: ws://h/#x }', '1:16', 'it has a fragment (#)'],
    ['target: { url: [ws://h, ws//i] }', '1:25', 'Cannot use "ws//i" as a target'],
    ['target: "ws://h/{{ user.id }}"', '1:20', 'Cannot use "user.id": the target has no "users"'],
    [
      'target: { url: "ws://h/{{ user.nme }}", users: users.csv }',
      '1:27',
      '"users.csv" has no column "nme", a column is one of id, token',
    ],
    ['target: { url: "ws://h/{{ user.tokn }}", users: users.csv }', '1:27', 'did you mean "token"?'],
    [
      'target: { url: "ws://h/{{ env.TOKN }}" }',
      '1:27',
      'Cannot use "env.TOKN": the environment has no TOKN, did you mean "TOKEN"?',
    ],
    ['target: { url: "ws://h/{{ services.app.port }}" }', '1:27', 'the scenario has no service "app"'],
    ['target: { url: "ws://h/{{ saved.x }}" }', '1:27', 'it is not known yet when a client connects'],
    ['target: { url: "ws://h/{{ clint.id }}" }', '1:27', 'did you mean "client"?'],
    ['target: { url: "ws://h/{{ client.id" }', '1:24', '"{{" has no "}}"'],
    ['target: { url: "ws://h/{{ client.id + 1 }}" }', '1:37', 'only whole numbers can be calculated with'],
    ['target: { url: "ws://h/{{ 6 / (5 - client.index) }}" }', '1:29', 'it divides by 0'],
    [
      'target: { url: "ws://{{ user.host }}/", users: hosts.json }',
      '1:16',
      'as a target for client 2: it is no WebSocket address',
    ],
    [
      'target: { url: "ws://h/{{ user.n }}", users: hosts.json }',
      '1:27',
      'row 2 of "hosts.json" has no such value',
    ],
    [
      'target: { url: "ws://h/", users: nobody.csv }',
      '1:34',
      'Cannot use "nobody.csv": there is no such file',
    ],
    ['target: { url: "ws://h/", users: empty.csv }', '1:34', 'Cannot use "empty.csv": it has no row'],
    [
      'target: { url: "ws://h/", users: short.csv }',
      '1:34',
      'line 2 has 1 value, and the first line names 2 (id, token)',
    ],
    [`${BESIDE}  headers: { cookie: "a{{ env.NO }}" }`, '3:27', 'the environment has no NO'],
    [`${BESIDE}  headers: { "a b": x }`, '3:14', 'that is no name of a header'],
    [`${BESIDE}  headers: { Upgrade: x }`, '3:14', 'it belongs to the handshake'],
    [`${BESIDE}  headers: { Sec-WebSocket-Protocol: x }`, '3:14', '"subprotocols" says what it does'],
    [`${BESIDE}  headers: { a: x, A: y }`, '3:20', 'Cannot send the header "A" twice'],
    [`${BESIDE}  headers: { a: "x\\ny" }`, '3:17', 'its value has a character that no header can have'],
    [`${BESIDE}  headers: { a: "x{{ client.index / 0 }}" }`, '3:35', 'it divides by 0'],
    [`${BESIDE}  headers: { a: 5 }`, '3:17', 'text is wanted'],
    [`${BESIDE}  subprotocols: [a, a]`, '3:21', 'it stands there already'],
    [`${BESIDE}  subprotocols: ["a b"]`, '3:18', 'that is no name of a subprotocol'],
    [`${BESIDE}  tls: { insecure: true }`, '3:10', 'no address begins with wss://'],
    [`${BESIDE}  tls: { servername: x }`, '3:10', 'no address begins with wss://'],
    ['target:\n  url: wss://h\n  tls: { ca: no.pem }', '3:14', 'Cannot use "no.pem": there is no such file'],
    ['target:\n  url: wss://h\n  tls: { ca: text.pem }', '3:14', 'it holds no certificate in PEM'],
    ['target:\n  url: wss://h\n  tls: { ca: ca.pem, insecure: true }', '3:10', 'one of the two is wanted'],
    [
      `${BESIDE}  driver: wsdelivr`,
      '3:11',
      'Cannot use the driver "wsdelivr": there is none of that name, did you mean "wsdeliver"?',
    ],
    [`${BESIDE}  driver: amqp`, '3:11', 'or the path of a module'],
    [`${BESIDE}  driver: ./none.mjs`, '3:11', 'Cannot use "./none.mjs": there is no such file'],
    [`${BESIDE}  wsdeliver: { room: x }`, '3:16', 'Cannot read "room"'],
    [`${BESIDE}  options: { a: 1 }`, '3:12', 'Cannot use "options": the driver is "wsdeliver"'],
    [`${BESIDE}  driver: ./own.mjs\n  wsdeliver: {}`, '4:14', 'the driver is "./own.mjs"'],
    [`${BESIDE}  reconnectTo: next`, '3:16', 'there is one address'],
    [`${BESIDE}  timeout: 0ms`, '3:12', 'at least 1ms is wanted'],
    [`${BESIDE}  connectRate: 0/s`, '3:16', 'Cannot connect 0 clients a second'],
    [`${BESIDE}  comression: true`, '3:3', 'did you mean "compression"?'],
    ['target: { driver: wsdeliver }', '1:9', '"url"'],
    ['target: { url: [] }', '1:16', 'a list of at least 1 entries is wanted'],
    ['target: 5', '1:9', 'a map of settings is wanted'],
  ])('%s', (text, place, message) => {
    const problems = problemsOf(text);
    expect(problems[0]).toContain(`a.yaml:${place}: `);
    expect(problems.join('\n')).toContain(message);
    expect(problems).toHaveLength(1);
  });

  it('finds what else is wrong beside a key that nobody knows', () => {
    const problems = problemsOf(`${BESIDE}  comression: true\n  headers: { Upgrade: x }`);
    expect(problems).toHaveLength(2);
    expect(problems[1]).toContain('a.yaml:4:14: Cannot send the header "Upgrade"');
  });

  it('says nothing of what lies outside when nobody can look there', () => {
    const text = 'target: { url: "wss://h/{{ user.x }}/{{ env.X }}", users: u.csv, tls: { ca: c.pem } }';
    expect(parseScenario(text, { file: 'a.yaml' }).ok).toBe(true);
  });

  it('checks a hundred thousand clients and a million users in seconds', () => {
    const rows = Array.from({ length: 1_000_000 }, (_, index) => `user-${index},token-${index}`);
    const bytes = new TextEncoder().encode(`id,token\n${rows.join('\n')}`);
    const surroundings: Surroundings = { ...SURROUNDINGS, readFile: () => ({ ok: true, bytes }) };
    const text = [
      'clients: [{ count: 100000 }]',
      'target: { url: "ws://h/{{ user.id }}?token={{ user.token }}", users: u.csv }',
    ].join('\n');
    const before = process.cpuUsage();
    expect(parseScenario(text, { file: 'a.yaml', surroundings }).ok).toBe(true);
    const { user, system } = process.cpuUsage(before);
    // It takes some 600 ms of CPU; ten times that leaves room, and a quadratic way would take minutes.
    expect((user + system) / 1000).toBeLessThan(6000);
  });
});
