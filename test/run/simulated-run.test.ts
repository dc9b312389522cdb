import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { withoutProcess } from '../../src/run/simulatable.ts';
import { type SimulationOptions, simulateScenario } from '../../src/run/simulated-run.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { assembleResult, verdictOf } from '../../src/verdict/assemble.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';
import { parseResult } from '../../src/verdict/read-result.ts';
import { scenarioOf } from '../scenario/sample.ts';

const SCENARIOS = resolve(import.meta.dirname, '../../scenarios');
const CONTEXT = { file: 'test', sha256: '', version: '0.0.0', startedAt: '2024-01-01T00:00:00.000Z' };

function bundled(file: string): Scenario {
  const outcome = parseScenario(readFileSync(join(SCENARIOS, file), 'utf8'), { file });
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.scenario;
}

const troubled = mutantScenario({
  name: 'troubled',
  clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
  publish: [{ room: 'ticks', rate: '30/s', arrival: 'poisson', size: '64B' }],
  server: { outbox: { ackTimeout: '300ms', nackBackoff: '100ms' } },
  faults: [
    { at: '300ms', clients: { share: '50%' }, do: 'drop' },
    { at: '600ms', clients: { share: '50%' }, do: 'reset' },
    { during: 'load', do: 'lose-acks', probability: '10%' },
  ],
});

/** Everything that a run leaves behind, as plain data. */
function traceOf(scenario: Scenario, seed: number): unknown {
  const record = simulateScenario({ scenario, seed });
  const { fleets, measures, server, serverFaults, planned, drain, instants, log } = record;
  return {
    fleets,
    measures: measures.toRecord(),
    evidence: server?.evidence,
    closes: server?.closes,
    statistics: { ...server?.statistics },
    published: log.toRecord(),
    serverFaults,
    planned,
    drain,
    instants,
  };
}

describe('a simulated run', () => {
  it('is the same with the same seed, to the last instant', () => {
    expect(traceOf(troubled, 7)).toEqual(traceOf(troubled, 7));
  });

  it('is another one with another seed', () => {
    expect(traceOf(troubled, 7)).not.toEqual(traceOf(troubled, 8));
  });

  it('delivers everything through drops, resets and lost acks', () => {
    const findings = judgeRun(simulateScenario({ scenario: troubled, seed: 1 }));
    const { delivery } = findings.judgement;
    expect(findings.violations).toEqual([]);
    expect(findings.inconclusive).toEqual([]);
    expect(delivery.delivered).toBe(delivery.owed);
    // Fifty published messages or so for each of eight clients: the claim above is about something.
    expect(delivery.owed).toBeGreaterThan(300);
    expect(delivery.duplicates.received).toBeGreaterThan(0);
  });

  it('makes a result file that says it is simulated', () => {
    const result = assembleResult(simulateScenario({ scenario: troubled, seed: 1 }), CONTEXT);
    expect(parseResult(JSON.stringify(result), 'test')).toEqual(result);
    expect(result.simulated).toBe(true);
    expect(new Set(result.faults.map(({ fidelity }) => fidelity))).toEqual(new Set(['simulated']));
    expect(result.generator.status).toBe('valid');
  });

  it('keeps a blocked server from hearing and saying anything, and loses nothing by it', () => {
    const scenario = mutantScenario({
      name: 'blocked',
      faults: [{ at: '500ms', do: 'block-event-loop', time: '800ms' }],
      expect: {
        assert: ['latency.push.max >= 750ms', 'latency.push.max < 900ms', 'delivery.lost.silent == 0'],
      },
    });
    const record = simulateScenario({ scenario });
    expect(verdictOf(record, judgeRun(record))).toEqual({ verdict: 'pass', exitCode: 0, reasons: [] });
  });

  it('waits for a client that was to stay away for good and came through', () => {
    const scenario = mutantScenario({
      name: 'came-through',
      clients: [{ count: 3, rooms: ['ticks'], reconnect: { min: '3s', max: '3s', jitter: 'none' } }],
      publish: [{ room: 'ticks', rate: '10/s', size: '64B' }],
      faults: [
        { at: '200ms', clients: { ids: [0] }, do: 'drop' },
        // Hits a client that is connected; load ends before it has reconnected.
        { at: '1s', clients: { ids: [0, 1] }, do: 'never-return' },
      ],
    });
    expect(judgeRun(simulateScenario({ scenario, seed: 1 })).inconclusive).toEqual([]);
  });

  it('leaves no timer behind once everybody has gone', () => {
    expect(simulateScenario({ scenario: troubled }).timersLeft).toBe(0);
  });

  it('refuses what only a real machine can show', () => {
    const target = { ...troubled, target: scenarioOf('target: ws://127.0.0.1:1').target };
    expect(() => simulateScenario({ scenario: target })).toThrow('Cannot simulate "ws://127.0.0.1:1"');
    const flood = { ...troubled, publish: troubled.publish.map((stream) => ({ ...stream, rate: Infinity })) };
    expect(() => simulateScenario({ scenario: flood })).toThrow('Cannot simulate the rate "max"');
  });
});

/** Runs in which a correct server was once reported for a violation, wrongly. */
const FALSE_ALARMS: readonly { readonly why: string; readonly run: SimulationOptions }[] = [
  {
    why: 'a backoff after nacks is longer than the patience with a standstill',
    run: {
      scenario: mutantScenario({
        name: 'long-backoff',
        server: { outbox: { ackTimeout: '400ms', nackBackoff: '500ms', maxResend: 20 } },
        clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '50%' } }],
        duration: { settle: '10s' },
      }),
    },
  },
  {
    why: 'the server was restarted while a client was half-open',
    run: {
      scenario: mutantScenario({
        name: 'restart-of-the-silent',
        server: { heartbeat: { interval: '300ms', timeout: '150ms', missed: 2 } },
        duration: { load: '4s' },
        faults: [
          { at: '500ms', for: '3s', clients: { ids: [0, 1] }, do: 'half-open' },
          { at: '700ms', do: 'server-restart', down: '100ms' },
        ],
        expect: { allowReported: ['restart'] },
      }),
    },
  },
  {
    why: 'a second socket makes no sense where there are no sessions',
    run: {
      scenario: mutantScenario({
        name: 'second-socket-without-session',
        server: { delivery: 'at-most-once' },
        faults: [{ at: '500ms', do: 'second-socket' }],
      }),
    },
  },
  {
    why: 'nobody reads the older of two sockets, so that its end goes unnoticed for a while',
    run: {
      scenario: mutantScenario({
        name: 'unread-older-socket',
        server: { heartbeat: { interval: '300ms', timeout: '150ms', missed: 2 } },
        faults: [
          { at: '100ms', for: '1s', do: 'pause-reader' },
          { at: '800ms', do: 'second-socket' },
        ],
      }),
    },
  },
  {
    why: 'a client hears late that it was given up, because it is busy sending',
    run: {
      scenario: mutantScenario({
        name: 'busy-when-expelled',
        server: { outbox: { maxPending: 10, overflow: 'disconnect' } },
        faults: [{ at: '1s', clients: { ids: [0, 1] }, do: 'oversized-frame' }],
        expect: { allowReported: ['overflow'] },
      }),
      network: { up: { delayMs: 0.1, jitterMs: 60 }, kernelBytes: 20_000 },
    },
  },
  {
    why: 'a frame that is only just not too long is handed on to buffers with a low limit',
    run: {
      scenario: mutantScenario({
        name: 'long-action',
        server: { buffer: { warn: '2KiB', max: '4KiB' } },
        faults: [
          { at: '100ms', for: '1s', do: 'half-open' },
          { at: '500ms', do: 'oversized-frame', size: '800KiB' },
        ],
      }),
    },
  },
  {
    why: 'the last word of the drain is a gap that is still on its way',
    run: {
      scenario: mutantScenario({
        name: 'late-gap',
        server: { outbox: { ackTimeout: '300ms', maxResend: 2 } },
        clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '40%', nack: false } }],
        expect: { allowReported: ['max-resend'] },
      }),
      network: { up: { delayMs: 0.1 }, down: { delayMs: 0.1, jitterMs: 100 } },
    },
  },
  {
    why: 'one of two silences that overlap ends before the other',
    run: {
      scenario: mutantScenario({
        name: 'overlapping-silences',
        server: { heartbeat: { interval: '300ms', timeout: '150ms', missed: 2 } },
        duration: { load: '4s' },
        faults: [
          { at: '200ms', for: '2800ms', clients: { ids: [0, 1] }, do: 'half-open' },
          { at: '250ms', for: '300ms', clients: { ids: [0, 1] }, do: 'half-open' },
        ],
      }),
    },
  },
  {
    why: 'a slow reader is silent for longer than its heartbeat allows',
    run: {
      scenario: mutantScenario({
        name: 'silent-slow-reader',
        server: { heartbeat: { interval: '300ms', timeout: '150ms', missed: 2 } },
        faults: [{ at: '200ms', for: '1500ms', do: 'slow-reader', rate: '100B/s' }],
      }),
    },
  },
];

describe('a correct server is not to be blamed', () => {
  it.each(FALSE_ALARMS)('when $why', ({ run }) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { violations, resourceViolations } = judgeRun(simulateScenario({ ...run, seed }));
      expect({ seed, violations, resourceViolations }).toEqual({
        seed,
        violations: [],
        resourceViolations: [],
      });
    }
  });
});

describe('every bundled scenario keeps its claim in virtual time', () => {
  it.each(readdirSync(SCENARIOS).filter((file) => file.endsWith('.yaml')))('%s', (file) => {
    const record = simulateScenario(withoutProcess(bundled(file)));
    const { verdict, reasons } = verdictOf(record, judgeRun(record));
    expect({ verdict, reasons }).toEqual({ verdict: 'pass', reasons: [] });
  });
});
