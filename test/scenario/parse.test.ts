import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Override } from '../../src/scenario/overrides.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { formatProblem } from '../../src/scenario/problem.ts';
import type { Scenario } from '../../src/scenario/schema.ts';

function problems(text: string, overrides: readonly Override[] = []): readonly string[] {
  const outcome = parseScenario(text, { file: 'a.yaml', overrides });
  return outcome.ok ? [] : outcome.problems.map(formatProblem);
}

function scenario(text: string, overrides: readonly Override[] = []): Scenario {
  const outcome = parseScenario(text, { file: 'a.yaml', overrides });
  if (!outcome.ok) throw new Error(outcome.problems.map(formatProblem).join('\n'));
  return outcome.scenario;
}

function set(path: string, value: unknown): Override {
  return { path, value, origin: `--set ${path}=${JSON.stringify(value)}` };
}

describe('a problem', () => {
  it('names a value of any length in a message that can be read', () => {
    const name = 'x'.repeat(100_000);
    const text = `faults: [{ do: drop, at: 1s }]\nexpect: { assert: ["faults.${name}.fired > 0"] }\n`;
    const outcome = parseScenario(text, { file: 'a.yaml' });
    const [problem] = outcome.ok ? [] : outcome.problems;
    expect(problem?.message.length).toBeLessThan(1000);
  });
});

describe('a scenario file', () => {
  it('becomes a complete scenario in plain units', () => {
    const parsed = scenario(`
name: some-claim
server: { delivery: effectively-once, outbox: { ackTimeout: 500ms } }
clients:
  - { profile: slow, count: 10, rooms: [ticks], read: 16KiB/s, handler: { failure: 1% } }
publish:
  - { room: ticks, rate: 30/m }
faults:
  - { at: 3s, for: 4s, clients: { profile: slow, share: 10% }, do: half-open }
`);
    expect(parsed.server.outbox).toMatchObject({ ackTimeout: 500, maxResend: 5, overflow: 'reject' });
    expect(parsed.server.buffer).toEqual({ warn: 524_288, max: 1_048_576, warnInterval: 5000 });
    expect(parsed.clients[0]).toMatchObject({ read: 16_384, ack: { mode: 'each', every: 32, delay: 50 } });
    expect(parsed.publish[0]).toMatchObject({ room: 'ticks', rate: 0.5, size: 256 });
    expect(parsed.faults[0]).toMatchObject({ at: 3000, for: 4000, clients: { profile: 'slow', share: 0.1 } });
  });

  it('needs nothing but one setting', () => {
    expect(scenario('name: defaults')).toMatchObject({
      clients: [{ profile: 'healthy', count: 100 }],
      publish: [{ rate: 10 }],
    });
  });

  it('may use anchors and aliases', () => {
    const parsed = scenario('server: { resumeTtl: &long 40s, helloTimeout: *long }\n');
    expect(parsed.server).toMatchObject({ resumeTtl: 40_000, helloTimeout: 40_000 });
  });

  it('with a BOM and CRLF reads like any other', () => {
    expect(scenario('\uFEFFname: windows\r\nseed: 3\r\n')).toMatchObject({ name: 'windows', seed: 3 });
  });
});

describe('problems of a scenario file', () => {
  it('are listed all at once, by place, with the nearest known word', () => {
    const text = `name: Bad
sever: {}
server: { delivery: at-lest-once, outbox: { ackTimeout: 500, maxResend: x } }
clients:
  - { profile: a, count: 0.5, rooms: r, handler: 3 }
faults:
  - { at: 12, do: half-opn }
  - { do: close, code: 1006 }
expect:
  assert: [5]
`;
    expect(problems(text)).toEqual([
      'a.yaml:1:7: Cannot read "name" as "Bad": a name has lower-case letters, digits and hyphens',
      'a.yaml:2:1: Cannot read "sever": a scenario has no such key, did you mean "server"?',
      'a.yaml:3:21: Cannot read "delivery" as "at-lest-once": at-most-once, at-least-once, effectively-once are known, did you mean "at-least-once"?',
      'a.yaml:3:57: Cannot read "500": a duration needs a unit, for example 500ms',
      'a.yaml:3:73: Cannot read "maxResend" as "x": a whole number is wanted',
      'a.yaml:5:26: Cannot read "count" as "0.5": a whole number is wanted',
      'a.yaml:5:38: Cannot read "rooms" as "r": a list is wanted',
      'a.yaml:5:50: Cannot read "handler" as "3": a map of settings is wanted',
      'a.yaml:7:11: Cannot read "12": a duration needs a unit, for example 12ms',
      'a.yaml:7:19: Cannot do "half-opn": no fault has this name, did you mean "half-open"?',
      'a.yaml:8:24: Cannot close with "1006": it cannot be sent, 1000 to 1014 or 3000 to 4999 is wanted',
      'a.yaml:10:12: Cannot read entry 1 of "assert" as "5": text is wanted',
    ]);
  });

  it('of one mistake are not repeated for what hangs on it', () => {
    // With "clients" misspelt nobody has the profile or joins the room: only the spelling is wrong.
    const text = `clinets: [{ profile: slow, rooms: [ticks] }]
publish: [{ room: ticks }]
faults: [{ do: reset, clients: { profile: slow } }]
`;
    expect(problems(text)).toEqual([
      'a.yaml:1:1: Cannot read "clinets": a scenario has no such key, did you mean "clients"?',
    ]);
  });

  it('are cut off at fifty', () => {
    const lines = Array.from({ length: 90 }, (_, line) => `key${line}: 1`).join('\n');
    expect(problems(lines)).toHaveLength(51);
    expect(problems(lines).at(-1)).toBe('a.yaml:51:1: Cannot list all problems: this is one of 40 more');
  });

  it.each([
    ['', 'a.yaml:1:1: Cannot read the scenario: the file is empty, a map of settings is wanted'],
    ['# nothing\n', 'a.yaml:1:1: Cannot read the scenario: the file is empty, a map of settings is wanted'],
    ['- a', 'a.yaml:1:1: Cannot read the scenario: it is a list, a map of settings is wanted'],
    ['hello', 'a.yaml:1:1: Cannot read the scenario: it is "hello", a map of settings is wanted'],
    ['name: a\nname: b', 'a.yaml:2:1: Cannot read "name" twice: each key stands once in a map'],
    [
      'a: 1\n---\nb: 2\n',
      'a.yaml:2:1: Cannot read a second document: a scenario file holds one, give each its own file',
    ],
    [
      'name: a\nseed: \0',
      'a.yaml:2:7: Cannot read the scenario: it is not text, a YAML file in UTF-8 is wanted',
    ],
    [
      'name: "\uFFFD"',
      'a.yaml:1:8: Cannot read the scenario: it is not text, a YAML file in UTF-8 is wanted',
    ],
    ['name: *here', 'a.yaml:1:7: Cannot follow "*here": no anchor &here stands before it'],
    ['faults: &all [*all]', 'a.yaml:1:15: Cannot follow "*all": it stands within its own anchor'],
    ['seed: }', 'a.yaml:1:7: Cannot read "}": no bracket is open that it could close'],
    ['faults:\n', 'a.yaml:1:7: Cannot read "faults" as an empty value: a list is wanted'],
    ['__proto__: { a: 1 }', 'a.yaml:1:1: Cannot read this key: a key is a word of the scenario format'],
    ['name: !odd x', 'a.yaml:1:7: Cannot read the YAML: unresolved tag: !odd'],
  ])('in %j are told in words', (text, message) => {
    expect(problems(text)).toEqual([message]);
  });

  it('in its syntax are located', () => {
    expect(problems('name: a\nclients: [1, 2\n')[0]).toMatch(/^a\.yaml:\d+:\d+: Cannot read the YAML: /);
  });
});

describe('files made to hurt', () => {
  const laughs = Array.from({ length: 30 }, (_, level) => {
    return `a${level}: &a${level} [${Array(9)
      .fill(level === 0 ? 'x' : `*a${level - 1}`)
      .join()}]`;
  });

  it.each([
    ['a million open lists', '['.repeat(1_000_000), 'nested more than 64 levels'],
    ['maps in maps', '{a: '.repeat(250_000), 'nested more than 64 levels'],
    ['lists in lists on one line', '- '.repeat(500_000), 'nested more than 64 levels'],
    ['keys in keys on one line', '? '.repeat(500_000), 'nested more than 64 levels'],
    [
      'a staircase',
      Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'nested more than 64 levels',
    ],
    ['billion laughs', laughs.join('\n'), 'at most 100 aliases'],
    ['more than a MiB', `name: ${'a'.repeat(1024 * 1024)}`, 'it has 1048582 characters'],
    [
      'a hundred thousand keys',
      Array.from({ length: 100_000 }, (_, key) => `k${key}: 1`).join('\n'),
      '200000 tokens',
    ],
    ['a million closing brackets', '}'.repeat(1_000_000), 'no bracket is open'],
    ['many unknown keys', Array.from({ length: 40_000 }, (_, key) => `k${key}: 1`).join('\n'), 'no such key'],
  ])('%s end in a located problem and not in a hang', (_, text, message) => {
    const [first = ''] = problems(text);
    expect(first).toMatch(/^a\.yaml:\d+:\d+: Cannot /);
    expect(first).toContain(message);
  });

  it('any text gives a scenario or located problems, never an exception', () => {
    const pieces = [
      'name',
      ': ',
      'a',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '"',
      "'",
      '|',
      '>',
      '#',
      '!t',
      '?',
      ',',
      '%',
      '0',
      '---',
      '\t',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces, 'faults', 'clients', 'do', 'reset'), { maxLength: 40 }),
        (words) => {
          const outcome = parseScenario(words.join(''), { file: 'a.yaml' });
          if (!outcome.ok)
            expect(outcome.problems.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('overrides', () => {
  it('go before the file, the later before the earlier, and merge per key', () => {
    const parsed = scenario('server: { resumeTtl: 40s, outbox: { maxResend: 7 } }\nclients: [{ count: 3 }]', [
      set('clients.0.count', 5),
      set('server', { outbox: { maxPending: 50 } }),
      set('clients.0.count', 6),
      set('clients.1', { profile: 'late', count: 2 }),
      set('duration.load', '3s'),
    ]);
    expect(parsed.clients.map(({ count }) => count)).toEqual([6, 2]);
    expect(parsed.server).toMatchObject({ resumeTtl: 40_000, outbox: { maxResend: 7, maxPending: 50 } });
    expect(parsed.duration.load).toBe(3000);
  });

  it('that are wrong are reported with their origin', () => {
    expect(
      problems('clients: [{ count: 3 }]', [
        set('clients.0.count', 'x'),
        set('server.delivry', 1),
        set('clients.4.count', 1),
        set('clients.first', 1),
        set('clients.0.count.much', 1),
        set('__proto__.polluted', 1),
      ]),
    ).toEqual([
      '--set clients.4.count=1: Cannot set "clients.4.count": "clients" has 1 entries, an index up to 1 is wanted',
      '--set clients.first=1: Cannot set "clients.first": "clients" is a list, an index is wanted and not "first"',
      '--set clients.0.count.much=1: Cannot set "clients.0.count.much": "clients.0.count" is "x", it has nothing inside',
      '--set __proto__.polluted=1: Cannot set "__proto__.polluted": "__proto__" is no key',
      '--set server.delivry=1: Cannot read "delivry": "server" has no such key, did you mean "delivery"?',
      '--set clients.0.count="x": Cannot read "count" as "x": a whole number is wanted',
    ]);
  });

  it('that leave a fault of the file behind point at the fault', () => {
    expect(problems('faults: [{ do: reset, at: 8s }]', [set('duration.load', '5s')])).toEqual([
      'a.yaml:1:27: Cannot begin at 8s: load takes 5s, an instant within it is wanted',
    ]);
  });

  it('that begin a fault without naming it own the problem', () => {
    expect(problems('name: a', [set('faults.0.at', '1s')])).toEqual([
      '--set faults.0.at="1s": Cannot read "do": it is missing, text is wanted',
    ]);
  });

  it('leave the values they were given alone', () => {
    const value = { outbox: { maxResend: 1 } };
    scenario('name: a', [set('server', value), set('server.outbox.maxResend', 2)]);
    expect(value).toEqual({ outbox: { maxResend: 1 } });
  });
});
