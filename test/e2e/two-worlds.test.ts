import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { Folder, inTurn, wsdeliver } from './command.ts';

/**
 * The same scenario on real sockets and in virtual time. Compared are verdicts, assertions and what became of messages
 * and sessions, and no latencies. Faults strike in the middle between two messages, and every wait is many times as
 * long as a busy machine is late.
 */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

interface Comparison {
  /** The file of the scenario, but for its name. */
  readonly lines: readonly string[];
  /** What the schedule alone decides. */
  readonly exactly: readonly string[];
  /** What also depends on when things happen, and how far the worlds may be apart in it. */
  readonly within: Readonly<Record<string, number>>;
}

/** Ten messages a second to each of twenty clients: being late by 100 ms costs a client one of them. */
const LATE_MESSAGES = 3;
const PUBLISH = 'publish: [{ room: ticks, rate: 10/s, size: 64B }]';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  'resumes after FIN, RST and close': {
    lines: [
      'clients: [{ count: 20, rooms: [ticks], reconnect: { min: 250ms, max: 250ms, jitter: none } }]',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 3s, settle: 10s }',
      'faults:',
      '  - { at: 550ms, do: drop }',
      '  - { at: 1350ms, do: reset }',
      '  - { at: 2150ms, do: close, code: 1001 }',
      'expect: { assert: [delivery.lost.silent == 0, delivery.lost.reported == 0, broadcast.resumes == 60] }',
    ],
    exactly: [
      'delivery.published',
      'delivery.owed',
      'delivery.delivered',
      'delivery.lost',
      'broadcast.resumes',
      'broadcast.refusedResumes',
      'broadcast.connections',
      'broadcast.takeovers',
      'broadcast.gaps',
    ],
    within: { 'broadcast.skipped': 3 * 20 * LATE_MESSAGES },
  },
  'dead letters of poisonous messages': {
    lines: [
      'server: { delivery: effectively-once, outbox: { ackTimeout: 10s, nackBackoff: 50ms, maxResend: 2 } }',
      'clients:',
      '  - { profile: patient, count: 8, rooms: [ticks], handler: { poison: 5 } }',
      '  - { profile: decided, count: 8, rooms: [ticks], handler: { poison: 5, nackRetry: false } }',
      '  - { profile: healthy, count: 4, rooms: [ticks] }',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 2s, settle: 10s }',
      'expect: { allowReported: [max-resend, nack], assert: [broadcast.deadLetters > 0, delivery.reordered == 0] }',
    ],
    exactly: [
      'delivery.published',
      'profiles.patient.delivery.lost',
      'profiles.decided.delivery.lost',
      'profiles.healthy.delivery.lost',
      'profiles.patient.delivery.duplicates',
      'deadLetters.count',
      'deadLetters.byReason',
      'broadcast.nacks',
      'broadcast.resent',
      'broadcast.gaps',
      'broadcast.ackFrames',
    ],
    within: {},
  },
  'gaps of a full outbox': {
    lines: [
      'server: { outbox: { ackTimeout: 15s, maxPending: 8, overflow: reject } }',
      'clients:',
      '  - { profile: healthy, count: 10, rooms: [ticks] }',
      '  - { profile: stalled, count: 10, rooms: [ticks] }',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 3s, settle: 10s }',
      'faults: [{ at: 550ms, for: 2s, clients: { profile: stalled }, do: pause-reader }]',
      'expect:',
      '  allowReported: [overflow]',
      '  assert: [delivery.lost.silent == 0, "delivery.lost.reported{profile:healthy} == 0", broadcast.gaps > 0]',
    ],
    exactly: [
      'delivery.owed',
      'delivery.lost.silent',
      'delivery.duplicates',
      'profiles.healthy.delivery.delivered',
      'broadcast.resent',
      'broadcast.connections',
    ],
    within: {
      'profiles.stalled.delivery.lost.reportedBy.overflow': 10 * LATE_MESSAGES,
      'broadcast.gaps': 10 * LATE_MESSAGES,
    },
  },
  'takeovers and sessions that are given up': {
    lines: [
      'clients:',
      '  - { profile: doubled, count: 10, rooms: [ticks] }',
      '  - profile: forgetful',
      '    count: 10',
      '    rooms: [ticks]',
      '    reconnect: { min: 550ms, max: 550ms, jitter: none }',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 2500ms, settle: 10s }',
      'faults:',
      '  - { at: 550ms, clients: { profile: doubled }, do: second-socket }',
      '  - { at: 1150ms, clients: { profile: doubled }, do: second-socket }',
      '  - { at: 950ms, clients: { profile: forgetful }, do: fresh-session }',
      'expect: { allowReported: [replaced], assert: [broadcast.takeovers > 0, anomalies.split-ownership == 0] }',
    ],
    exactly: [
      'delivery.published',
      'delivery.lost.silent',
      'profiles.doubled.delivery.delivered',
      'profiles.doubled.delivery.lost',
      'broadcast.takeovers',
      'broadcast.connections',
      'broadcast.resumes',
      'broadcast.refusedResumes',
    ],
    within: {
      'profiles.forgetful.delivery.lost.reportedBy.replaced': 10 * LATE_MESSAGES,
      'profiles.forgetful.delivery.delivered': 10 * LATE_MESSAGES,
    },
  },
  'silence that the heartbeat notices': {
    lines: [
      'server:',
      '  heartbeat: { interval: 500ms, timeout: 400ms, missed: 2 }',
      '  outbox: { ackTimeout: 600ms, maxResend: 8 }',
      'clients: [{ profile: silent, count: 8, rooms: [ticks] }, { profile: healthy, count: 12, rooms: [ticks] }]',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 4s, settle: 10s }',
      'faults: [{ at: 550ms, for: 2500ms, clients: { profile: silent }, do: half-open }]',
      'expect: { assert: [delivery.lost.silent == 0, delivery.lost.reported == 0, anomalies.undetected == 0] }',
    ],
    exactly: [
      'delivery.owed',
      'delivery.delivered',
      'delivery.lost',
      'profiles.healthy.delivery.duplicates',
      'broadcast.detectedStale',
      'broadcast.resumes',
      'broadcast.connections',
    ],
    // What was sent into the silence is read when it ends, each resend too: there are more of them until the heartbeat
    // notices, which on a busy machine takes longer.
    within: { 'profiles.silent.delivery.duplicates.received': 8 * 10, 'broadcast.resent': 8 * 10 },
  },
  'acks that get lost': {
    lines: [
      'server: { delivery: effectively-once, outbox: { ackTimeout: 700ms, maxResend: 8 } }',
      'clients: [{ count: 20, rooms: [ticks], ack: { mode: each } }]',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 3s, settle: 10s }',
      'faults: [{ during: load, do: lose-acks, nth: 3 }]',
      'expect: { assert: [delivery.lost.silent == 0, delivery.duplicates.handled == 0, broadcast.resent > 0] }',
    ],
    exactly: [
      'delivery.owed',
      'delivery.delivered',
      'delivery.lost',
      'delivery.duplicates.handled',
      'delivery.reordered',
    ],
    within: {
      'delivery.duplicates.received': 20 * 2,
      'broadcast.resent': 20 * 2,
      'broadcast.ackTimeouts': 20 * 2,
    },
  },
  'losses that nobody hears of': {
    lines: [
      'server: { delivery: at-most-once }',
      'clients: [{ count: 20, rooms: [ticks], reconnect: { min: 450ms, max: 450ms, jitter: none } }]',
      PUBLISH,
      'duration: { rampUp: 100ms, warmUp: 200ms, load: 2500ms, settle: 10s }',
      'faults: [{ at: 550ms, do: drop }, { at: 1550ms, do: reset }]',
      'expect: { guarantee: at-most-once, assert: [delivery.lost.silent > 0, delivery.duplicates.received == 0] }',
    ],
    exactly: ['delivery.published', 'delivery.lost.reported', 'delivery.duplicates', 'broadcast.connections'],
    within: { 'delivery.lost.silent': 2 * 20 * LATE_MESSAGES, 'delivery.delivered': 2 * 20 * LATE_MESSAGES },
  },
};

async function results(name: string, lines: readonly string[]): Promise<readonly [Result, Result]> {
  const file = folder.write(`${name}.yaml`, ['name: two-worlds', 'seed: 3', ...lines, ''].join('\n'));
  const run = async (world: string, args: readonly string[]): Promise<Result> => {
    const json = folder.file(`${name}.${world}.json`);
    const { code, stdout, stderr } = await wsdeliver([...args, file, '--quiet', '--json', json]);
    expect(code, `${world}: ${stdout}${stderr}`).toBe(0);
    return parseResult(readFileSync(json, 'utf8'), json);
  };
  return [await run('real', ['bench']), await run('virtual', ['simulate', '--seeds', '1'])];
}

/** What a path like `delivery.lost.silent` leads to in a result. */
function figure(result: Result, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => Reflect.get(Object(at), key), result);
}

function outline(result: Result, paths: readonly string[]): unknown {
  return {
    verdict: result.verdict,
    exitCode: result.exitCode,
    guarantee: result.guarantee.status,
    assertions: result.assertions.map(({ text, status }) => [text, status]),
    faults: result.faults.map(({ name, planned, fired }) => [name, planned, fired]),
    figures: paths.map((path) => [path, figure(result, path)]),
  };
}

describe('the real and the simulated world agree on', () => {
  it.concurrent.each(Object.entries(COMPARISONS))(
    '%s',
    (name, { lines, exactly, within }) =>
      inTurn(async () => {
        const [real, virtual] = await results(name.replaceAll(' ', '-'), lines);
        expect(outline(virtual, exactly)).toEqual(outline(real, exactly));
        for (const path of exactly)
          expect([path, typeof figure(real, path)]).not.toEqual([path, 'undefined']);
        for (const [path, apart] of Object.entries(within)) {
          const [onSockets, simulated] = [Number(figure(real, path)), Number(figure(virtual, path))];
          expect(onSockets, path).toBeGreaterThan(0);
          expect(simulated, path).toBeGreaterThan(0);
          expect(
            Math.abs(onSockets - simulated),
            `${path}: ${onSockets} and ${simulated}`,
          ).toBeLessThanOrEqual(apart);
        }
      }),
    TIMEOUT_MS,
  );
});
