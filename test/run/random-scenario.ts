import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { pick, sample } from '../../src/protocol/draw.ts';
import type { SimulatedNetwork } from '../../src/run/simulated-run.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { HARMLESS_FAULTS } from '../../src/simulation/swarm.ts';
import { randomStreams } from '../../src/world/random.ts';

/** Trouble after which messages may be lost, but never in silence. */
const COSTLY = [
  'fresh-session',
  'nack',
  'malformed-frames',
  'oversized-frame',
  'server-restart',
  'return-late',
];
const FOR_A_WHILE = ['pause-reader', 'slow-reader', 'half-open', 'no-pong', 'slow-handler'];
const ON_ACKS = ['lose-acks', 'delay-acks', 'duplicate-acks', 'nack'];
const ON_THE_SERVER = ['block-event-loop', 'server-restart'];
const LOAD_MS = 2000;

type FaultText = NonNullable<Parameters<typeof mutantScenario>[0]['faults']>[number];

export interface RandomRun {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly network: SimulatedNetwork;
}

/**
 * Eight clients of two kinds, random settings and up to five random faults; the same for the same seed.
 *
 * @param lossless - only trouble and settings under which nothing at all may get lost
 */
export function randomRun(seed: number, lossless: boolean): RandomRun {
  const random = randomStreams(seed)(lossless ? 'lossless' : 'any');
  const one = <T>(...choices: readonly T[]): T => pick(random, choices);
  const between = (low: number, high: number): number => low + Math.floor(random.next() * (high - low + 1));
  const faultNamed = (name: string): FaultText => {
    const atMs = between(0, LOAD_MS - 500);
    const lasts = FOR_A_WHILE.includes(name) || ON_ACKS.includes(name);
    return {
      do: name,
      at: `${atMs}ms`,
      ...(ON_THE_SERVER.includes(name) ? {} : { clients: { share: `${between(10, 100)}%` } }),
      ...(lasts ? { for: `${between(100, LOAD_MS - atMs)}ms` } : {}),
      ...(ON_ACKS.includes(name) ? { probability: `${between(5, 60)}%` } : {}),
      ...(name === 'slow-reader' ? { rate: one('100B/s', '1KiB/s', '4KiB/s') } : {}),
    };
  };
  const names = lossless ? HARMLESS_FAULTS : [...HARMLESS_FAULTS, ...COSTLY];
  const faults = Array.from({ length: between(1, 5) }, () => faultNamed(one(...names)));
  const scenario = mutantScenario({
    name: 'random',
    server: {
      delivery: one('at-least-once', 'effectively-once', lossless ? 'effectively-once' : 'at-most-once'),
      resumeTtl: lossless ? '60s' : one('1s', '60s'),
      outbox: {
        ackTimeout: one('200ms', '1s'),
        nackBackoff: one('50ms', '300ms'),
        ...(lossless
          ? { maxResend: 100, maxPending: 10_000 }
          : {
              maxResend: one(2, 20),
              maxPending: one(10, 1000),
              overflow: one('reject', 'drop-oldest', 'disconnect'),
            }),
      },
      heartbeat: one({}, { interval: '300ms', timeout: '150ms', missed: 2 }),
      buffer: one({}, { warn: '2KiB', max: '4KiB' }),
      broadcast: one({}, { batchSize: 2, batchDelay: '5ms' }),
    },
    clients: [
      {
        profile: 'one',
        count: 4,
        rooms: ['ticks'],
        ack: one({ mode: 'each' }, { mode: 'cumulative', every: 8, delay: '50ms' }),
        batch: one(true, false),
        handler: one({}, { time: '10ms' }, { failure: '5%' }, { failure: '5%', nack: false }),
        reconnect: one({}, { min: '0ms', max: '100ms' }, { min: '300ms', max: '1s', jitter: 'none' }),
      },
      {
        profile: 'other',
        count: 4,
        rooms: ['ticks', 'news'],
        ack: one({ mode: 'each' }, { mode: 'cumulative', every: 32, delay: '50ms' }),
      },
    ],
    publish: [
      { room: 'ticks', rate: one('20/s', '60/s'), size: '64B', arrival: one('constant', 'poisson', 'burst') },
      { room: 'news', rate: '10/s', size: '300B' },
    ],
    duration: { load: `${LOAD_MS}ms`, settle: '600s' },
    faults,
    expect: {
      allowReported: lossless
        ? []
        : ['overflow', 'ttl', 'max-resend', 'nack', 'session-expired', 'replaced', 'restart'],
    },
  });
  const [network] = sample(random, NETWORKS, 1);
  return { scenario, seed, network: network ?? {} };
}

const NETWORKS: readonly SimulatedNetwork[] = [
  {},
  { up: { delayMs: 0.1, jitterMs: 30 }, down: { delayMs: 0.1, jitterMs: 30 } },
  { kernelBytes: 8192 },
  { up: { delayMs: 0.1, jitterMs: 60 }, kernelBytes: 20_000 },
];
