import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AckMode } from '../../../src/protocol/frame.ts';
import { Pair, QUICK_SETTINGS } from './pair.ts';

const client = fc.nat(2);
const act = <K extends string>(kind: K, weight = 1) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), client }),
});

const step = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 15 }) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 400 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 2000, max: 5000 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 20 }) }),
  },
  act('upstream', 2),
  act('drop', 2),
  act('reset', 2),
  act('close'),
  act('clog-up'),
  act('clog-down'),
  act('blackhole'),
  act('heal', 2),
  act('pause', 1),
  act('resume', 1),
  act('lose-acks', 2),
  act('delay-acks'),
  act('duplicate-acks'),
  act('nack-acks'),
  act('pass-acks', 2),
  act('second-socket', 2),
  act('crash', 2),
  act('forget'),
  act('stay-away'),
  act('release', 2),
  act('mute'),
  act('unmute'),
  act('slow-handler', 2),
  act('quick-handler', 2),
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function play(pair: Pair, one: Step): void {
  switch (one.kind) {
    case 'publish':
      for (let sent = 0; sent < one.count; sent += 1) pair.publish();
      return;
    case 'advance':
      pair.time.runFor(one.ms);
      return;
    case 'turns':
      for (let turn = 0; turn < one.count; turn += 1) pair.time.step();
      return;
    case 'restart':
      pair.restart();
      return;
    default:
      apply(pair, one.kind, one.client);
  }
}

type ClientAct = Exclude<Step['kind'], 'publish' | 'advance' | 'turns' | 'restart'>;

function apply(pair: Pair, kind: ClientAct, number: number): void {
  const target = pair.client(number);
  const { subscriber, observer, path } = target;
  const acts: Record<ClientAct, () => void> = {
    upstream: () => pair.publishUpstream(target),
    drop: () => subscriber.connector.drop(),
    reset: () => subscriber.connector.reset(),
    close: () => subscriber.close(1001),
    'clog-up': () => path.up.clog(),
    'clog-down': () => path.down.clog(),
    blackhole: () => {
      path.up.blackhole();
      path.down.blackhole();
    },
    heal: () => {
      path.up.heal();
      path.down.heal();
    },
    pause: () => subscriber.connector.pauseReading('fault'),
    resume: () => subscriber.connector.resumeReading('fault'),
    'lose-acks': () => pair.setAcks(target, { kind: 'lose' }),
    'delay-acks': () => pair.setAcks(target, { kind: 'delay', delayMs: 350 }),
    'duplicate-acks': () => pair.setAcks(target, { kind: 'duplicate', copies: 3 }),
    'nack-acks': () => pair.setAcks(target, { kind: 'nack' }),
    'pass-acks': () => pair.setAcks(target, undefined),
    'second-socket': () => subscriber.openSecondSocket(),
    crash: () => subscriber.crashBeforeNextAck(),
    forget: () => {
      observer.willForget();
      subscriber.forgetSession();
    },
    'stay-away': () => {
      subscriber.connector.stayAway();
      subscriber.connector.drop();
    },
    release: () => {
      if (subscriber.connector.isAway) subscriber.connector.release();
    },
    mute: () => subscriber.connector.setMuted(true),
    unmute: () => subscriber.connector.setMuted(false),
    'slow-handler': () => {
      subscriber.inbox.handlerMs = 40;
    },
    'quick-handler': () => {
      subscriber.inbox.handlerMs = 0;
    },
  };
  acts[kind]();
}

const acks: fc.Arbitrary<AckMode> = fc.oneof(
  fc.constant({ mode: 'each' as const }),
  fc.record({
    mode: fc.constant('cumulative' as const),
    every: fc.integer({ min: 1, max: 16 }),
    delayMs: fc.constantFrom(0, 20, 100),
  }),
);
const world = fc.record({
  seed: fc.nat(),
  ack: acks,
  overflow: fc.constantFrom(
    'reject' as const,
    'drop-oldest' as const,
    'disconnect' as const,
    'pause' as const,
  ),
  strategy: fc.constantFrom(
    'none' as const,
    'none' as const,
    'disconnect' as const,
    'throttle' as const,
    'degraded' as const,
  ),
  maxPending: fc.constantFrom(4, 30, 200),
  maxResend: fc.constantFrom(0, 2, 8),
  resend: fc.boolean(),
  batchSize: fc.constantFrom(1, 100),
  dedupWindow: fc.constantFrom(3, 16, 4096),
  handlerFailureRatio: fc.constantFrom(0, 0, 0.1, 0.4),
  nack: fc.boolean(),
  batch: fc.boolean(),
});

/** An ack is delayed between the end of the older of two sockets and the welcome to another session on the newer. */
const LATE_ACK: [
  typeof world extends fc.Arbitrary<infer W> ? W : never,
  (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
] = [
  {
    seed: 0,
    ack: { mode: 'cumulative', every: 1, delayMs: 0 },
    overflow: 'reject',
    strategy: 'none',
    maxPending: 4,
    maxResend: 0,
    resend: false,
    batchSize: 1,
    dedupWindow: 3,
    handlerFailureRatio: 0,
    nack: false,
    batch: false,
  },
  [
    { kind: 'blackhole', client: 1 },
    { kind: 'publish', count: 5 },
    { kind: 'advance', ms: 2000 },
    { kind: 'delay-acks', client: 1 },
    { kind: 'restart' },
    { kind: 'second-socket', client: 1 },
    { kind: 'advance', ms: 6 },
    { kind: 'heal', client: 1 },
    { kind: 'advance', ms: 0 },
  ],
];

describe.each(['at-least-once', 'effectively-once', 'at-most-once'] as const)(
  'a broadcaster and its clients, %s',
  (delivery) => {
    it('keep what their level promises, whatever the network and the clients do', () => {
      const seen = { replays: 0, refusals: 0, resent: 0, gaps: 0 };
      fc.assert(
        fc.property(world, fc.array(step, { maxLength: 60, size: 'max' }), (options, steps) => {
          const { seed, ack, dedupWindow, handlerFailureRatio, nack, batch, strategy, ...settings } = options;
          const failures = { ...QUICK_SETTINGS.failures, strategy, threshold: 3, windowMs: 2000 };
          // With resends turned off, what was refused silently would come again only with the next connection.
          const careful = settings.resend ? { nack, dedupWindow } : { nack: true, dedupWindow: 4096 };
          const pair = new Pair({
            seed,
            clients: 3,
            settings: { ...settings, failures, delivery },
            profile: { ack, handlerFailureRatio, batch, ...careful },
          });
          for (const one of steps) play(pair, one);
          pair.healAndSettle();
          seen.resent += pair.broadcaster.statistics.resent;
          seen.gaps += pair.broadcaster.statistics.gaps;
          for (const { observer } of pair.clients) {
            seen.replays += observer.replays;
            seen.refusals += observer.refusals;
          }
          pair.sayGoodbye();
        }),
        // Thousands with PAIR_RUNS=5000, after a change to the protocol.
        { numRuns: Number(process.env.PAIR_RUNS ?? 150), examples: [LATE_ACK] },
      );
      // What the runs are for has happened in them.
      if (delivery === 'at-most-once') return;
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
    });
  },
);
