import { describe, expect, it } from 'vitest';
import { problemsOf } from './sample.ts';

const TWO =
  'clients: [{ profile: fast, count: 10, rooms: [news] }, { profile: slow, count: 5, rooms: [sport] }]\n';
const AT_SECOND_LINE = 'a.yaml:2:';

/** The one problem of a scenario with two profiles and this second line. */
function problem(line: string): string {
  const problems = problemsOf(`${TWO}${line}\n`);
  expect(problems).toHaveLength(1);
  return problems[0]?.replace(AT_SECOND_LINE, '') ?? '';
}

describe('selectors that take nobody, or more than there are', () => {
  it.each([
    ['{ profile: slwo }', 'Cannot select "slwo": no client has this profile, did you mean "slow"?'],
    ['{ room: nws }', 'Cannot select "nws": no client joins this room, did you mean "news"?'],
    ['{ ids: [3, 15] }', 'Cannot select client 15: there are 15, 0 to 14 is wanted'],
    ['{ count: 16 }', 'Cannot select 16 clients: 15 match, at most that is wanted'],
    ['{ profile: slow, count: 6 }', 'Cannot select 6 clients: 5 match, at most that is wanted'],
    [
      '{ profile: slow, room: news }',
      'Cannot select anybody: no client of profile "slow" joins the room "news"',
    ],
    ['{ share: 10%, count: 1 }', 'Cannot use "count": the selector has a "share", one of the two is wanted'],
    [
      '{ ids: [1], room: news }',
      'Cannot use "room": "ids" says exactly which clients, one of the two is wanted',
    ],
    ['{ share: 0% }', 'Cannot select 0%: nobody would be hit, more is wanted'],
  ])('%s', (selector, message) => {
    expect(problem(`faults: [{ do: drop, clients: ${selector} }]`)).toContain(message);
  });

  it('point at the value', () => {
    expect(problem('faults: [{ do: drop, clients: { profile: slwo } }]')).toMatch(/^42: /);
  });
});

describe('faults that make no sense', () => {
  it.each([
    ['{ do: drop, at: 10s }', 'Cannot begin at 10s: load takes 10s, an instant within it is wanted'],
    ['{ do: drop, at: 1s, for: 1s }', 'Cannot use "for": "drop" happens at one instant, only "at" is wanted'],
    ['{ do: drop, during: load }', 'Cannot use "during": "drop" happens at one instant, only "at" is wanted'],
    [
      '{ do: half-open, at: 8s, for: 3s }',
      'Cannot hold "half-open" for 3s from 8s on: load takes 10s, at most 2s is wanted',
    ],
    ['{ do: drop, until: 4s }', 'Cannot use "until": the entry has no "every", both are wanted'],
    ['{ do: drop, every: 0s }', 'Cannot repeat every 0ms: that would never end, longer is wanted'],
    ['{ do: drop, every: 1ms }', 'Cannot repeat 10000 times: at most 1000 are wanted'],
    [
      '{ do: drop, at: 3s, every: 1s, until: 2s }',
      'Cannot repeat until 2s: it begins at 3s, later is wanted',
    ],
    ['{ do: never-return, every: 1s }', 'Cannot use "every": "never-return" is never healed, once is wanted'],
    [
      '{ do: half-open, during: load, every: 1s }',
      'Cannot use "every": the entry has "during", once is wanted',
    ],
    [
      '{ do: half-open, every: 2s, for: 2s }',
      'Cannot hold "half-open" for 2s: it begins again every 2s, a shorter "for" is wanted',
    ],
    [
      '{ do: half-open, every: 2s }',
      'Cannot hold "half-open" for 10s: it begins again every 2s, a shorter "for" is wanted',
    ],
    ['{ do: half-open, for: 0ms }', 'Cannot hold for 0ms: nothing would happen, longer is wanted'],
    [
      '{ do: half-open, at: 1s, during: load }',
      'Cannot use "during": the entry has its own "at" or "for", one of the two ways is wanted',
    ],
    ['{ do: half-opn }', 'Cannot do "half-opn": no fault has this name, did you mean "half-open"?'],
    [
      '{ do: slow-reader, rat: 1B/s }',
      'Cannot read "rat": "slow-reader" has no such parameter, did you mean "at"?',
    ],
    ['{ do: slow-reader, rate: 16 }', 'Cannot read "16": a speed needs a unit, for example 16KiB/s'],
    ['{ do: duplicate-acks, copies: 1 }', 'Cannot use "1": it is out of bounds, 2 to 100 is wanted'],
    ['{ do: duplicate-acks, copies: 2s }', 'Cannot read "2s": a count is a whole number without a unit'],
    [
      '{ do: close, code: 1005 }',
      'Cannot close with "1005": it cannot be sent, 1000 to 1014 or 3000 to 4999 is wanted',
    ],
    [
      '{ do: drop, nth: 3 }',
      'Cannot use "nth": "drop" does not act on acks, only ack faults such as lose-acks have it',
    ],
    [
      '{ do: lose-acks, nth: 3, probability: 1% }',
      'Cannot use "nth": the entry has a "probability", one of the two is wanted',
    ],
    [
      '{ do: lose-acks, probability: 0% }',
      'Cannot pick 0% of the acks: nothing would happen, more is wanted',
    ],
    [
      '{ do: server-restart, clients: { profile: slow } }',
      'Cannot use "clients": "server-restart" happens to the server, no clients are wanted',
    ],
    [
      '{ do: never-return, for: 1s }',
      'Cannot use "for": "never-return" is never healed, only "at" is wanted',
    ],
    [
      '{ do: return-late }',
      'Cannot hold "return-late" for 31s from 0ms on: load takes 10s, at most 10s is wanted',
    ],
    ['{ do: return-late, for: 5s }', 'Cannot return late after 5s: resumeTtl is 30s, longer is wanted'],
  ])('%s', (fault, message) => {
    expect(problem(`faults: [${fault}]`)).toContain(message);
  });

  it('a server fault with a target', () => {
    expect(problem('target: ws://localhost:1/x\nfaults: [{ do: server-restart }]')).toContain(
      'Cannot do "server-restart": the scenario has a target, only the reference broadcaster can be told',
    );
  });

  it('an ack fault where nobody acks', () => {
    expect(problem('server: { delivery: at-most-once }\nfaults: [{ do: lose-acks }]')).toContain(
      'Cannot do "lose-acks": the server is at-most-once, nobody acks there',
    );
  });

  it('more injections than can be listed', () => {
    const faults = Array.from({ length: 11 }, () => '  - { do: drop }').join('\n');
    expect(problemsOf(`clients: [{ count: 200000 }]\nfaults:\n${faults}`)).toEqual([
      'a.yaml:3:3: Cannot plan 2200000 injections into single clients: at most 2000000 are wanted',
    ]);
  });
});

describe('settings that contradict each other', () => {
  it.each([
    ['publish: [{ room: sprot }]', 'Cannot publish to "sprot": no client joins it, did you mean "sport"?'],
    [
      'publish: [{ rate: max, arrival: poisson }]',
      'Cannot spread messages as "poisson": with rate max the deliveries decide when a message leaves, no arrival is wanted',
    ],
    ['publish: [{ rate: 0 }]', 'Cannot publish 0 a second: nothing would be owed, more is wanted'],
    [
      'publish: [{ size: 1MiB }]',
      'Cannot publish 1MiB in one message: a frame has at most 1MiB, at most 1020KiB is wanted',
    ],
    [
      'server: { buffer: { warn: 2MiB } }',
      'Cannot warn above 2MiB: the limit "max" is 1MiB, at most that is wanted',
    ],
    ['server: { heartbeat: { interval: 0 } }', 'Cannot use 0ms for "interval": at least 1ms is wanted'],
    ['duration: { load: 0s }', 'Cannot use 0ms for "load": at least 1ms is wanted'],
    [
      'target: http://localhost',
      'Cannot use "http://localhost" as a target: it is no WebSocket address, ws://host:port/path is wanted',
    ],
    ['target: "ws://"', 'Cannot use "ws://" as a target: it is no WebSocket address'],
    ['target: ws://host/path#x', 'it has a fragment (#), which is never sent to a server'],
    ['target: "ws://host/a b"', 'it has a space, a control character or a backslash in it'],
    ['target: "ws://host/a\\\\b"', 'it has a space, a control character or a backslash in it'],
    ['target: "ws://host\\n/a"', 'it has a space, a control character or a backslash in it'],
    [`target: "ws://user:${'x'.repeat(80)}@host/#x"`, 'Cannot use "ws://***@host/#x" as a target'],
  ])('%s', (line, message) => {
    expect(problem(line)).toContain(message);
  });

  it.each([
    [
      '[{ profile: a }, { profile: a }]',
      'Cannot have two profiles "a": selectors name one, a name of its own is wanted',
    ],
    ['[{ reconnect: { min: 5s } }]', 'Cannot wait 5s at least: "max" is 2s, at most that is wanted'],
    ['[{ read: 0 }]', 'Cannot read 0B/s: such a client takes nothing, the fault pause-reader is wanted'],
    ['[{ count: 10000000 }]', 'Cannot read "count" as "10000000": at most 200000 is wanted'],
    [
      '[{ profile: a, count: 200000 }, { profile: b, count: 1 }]',
      'Cannot simulate 200001 clients: that is too many for one machine, at most 200000 are wanted',
    ],
  ])('clients: %s', (clients, message) => {
    expect(problemsOf(`clients: ${clients}`)).toEqual([expect.stringContaining(message)]);
  });
});

describe('assertions in a file', () => {
  it('are checked against its profiles and faults, with the column', () => {
    const text = `${TWO}faults: [{ do: drop }]
expect:
  assert:
    - delivery.lost.silnt == 0
    - "latency.push{profile:slwo}.p99 < 1s"
    - faults.reset.fired > 0
    - delivery.lost.silent = 0
    - latency.push.p99 < 250
    - faults.drop.fired >= 15
`;
    expect(problemsOf(text)).toEqual([
      'a.yaml:5:7: Cannot assert "delivery.lost.silnt": no metric has this name, did you mean "delivery.lost.silent"?',
      'a.yaml:6:20: Cannot assert "{profile:slwo}": no client has the profile "slwo", did you mean "slow"?',
      'a.yaml:7:7: Cannot assert "faults.reset.fired": the scenario has no fault "reset", a fault is one of drop',
      'a.yaml:8:28: Cannot assert "=": an operator is wanted, one of == != <= >= < >',
      'a.yaml:9:26: Cannot read "250": a duration needs a unit, for example 250ms',
    ]);
  });
});
