import { LOSS_REASONS } from '../delivery/loss-reason.ts';
import { pick } from '../protocol/draw.ts';
import type { Random } from '../protocol/ports.ts';
import type { SimulatedNetwork } from '../run/simulated-run.ts';
import type { ClientProfile, Scenario, ServerSettings } from '../scenario/schema.ts';
import { randomStreams } from '../world/random.ts';
import { drawFaults } from './swarm.ts';

/** What one seed of an exploration runs: a scenario that a file could say, and a network for it. */
export interface Exploration {
  readonly scenario: Scenario;
  readonly network: SimulatedNetwork;
}

/** Of the seeds of a scenario that can do without any loss. */
const LOSSLESS_SHARE = 0.4;
/** In virtual time patience costs next to nothing. */
const SETTLE_MS = 600_000;
/** Share of handler calls that may fail where nothing is to be given up. */
const FAILURE_MAX = 0.1;
const HANDLER_MS_MAX = 50;
/** Long enough, and roomy enough, for whatever faults of a load may hold back. */
const LOSSLESS_RESENDS = 100;
const LOSSLESS_PENDING = 100_000;

const NETWORKS: readonly SimulatedNetwork[] = [
  {},
  { up: { delayMs: 0.1, jitterMs: 30 }, down: { delayMs: 0.1, jitterMs: 30 } },
  { kernelBytes: 8192 },
  { up: { delayMs: 0.1, jitterMs: 60 }, kernelBytes: 20_000 },
];

/**
 * Draws for one seed what an exploration makes of a scenario: other faults, settings and networks for the same
 * clients and messages. The same scenario and seed always give the same.
 *
 * Some seeds have only such faults and settings as cost a correct server nothing: there every loss counts. In the
 * others a loss that is reported does not. What the scenario expects speaks of its own faults: it is judged by what the
 * server promises.
 */
export function explore(base: Scenario, seed: number): Exploration {
  const streams = randomStreams(seed);
  const settings = streams('explore/settings');
  const lossless = isLossless(base) && settings.next() < LOSSLESS_SHARE;
  const server = drawServer(base, settings, lossless);
  const scenario: Scenario = {
    ...base,
    seed,
    server,
    clients: base.clients.map((profile) => drawProfile(profile, settings, lossless)),
    duration: { ...base.duration, settle: Math.max(base.duration.settle, SETTLE_MS) },
    faults: [],
    expect: {
      ...base.expect,
      guarantee: server.delivery,
      allowReported: lossless ? [] : [...LOSS_REASONS],
      assert: [],
    },
  };
  return {
    scenario: { ...scenario, faults: drawFaults(scenario, streams('explore/faults'), lossless) },
    network: pick(streams('explore/network'), NETWORKS),
  };
}

/** Whether a correct server would lose nothing of it without faults, given room and patience. */
function isLossless({ server, clients }: Scenario): boolean {
  return (
    server.delivery !== 'at-most-once' &&
    server.failures.strategy === 'none' &&
    !server.alerts.actions.includes('disconnect') &&
    clients.every(
      ({ handler, read }) =>
        read === undefined &&
        handler.poison === undefined &&
        handler.nackRetry &&
        handler.failure <= FAILURE_MAX &&
        handler.time <= HANDLER_MS_MAX,
    )
  );
}

function drawServer({ server, duration }: Scenario, random: Random, lossless: boolean): ServerSettings {
  const either = chooser(random);
  const { outbox } = server;
  const ackTimeout = either(outbox.ackTimeout, 200, 1000);
  return {
    ...server,
    resumeTtl: lossless ? duration.load + SETTLE_MS : either(server.resumeTtl, 1000, 60_000),
    outbox: {
      ...outbox,
      // Whoever is silent for the whole load must not use up its resends.
      ackTimeout: lossless
        ? Math.max(ackTimeout, Math.ceil(duration.load / (LOSSLESS_RESENDS / 2)))
        : ackTimeout,
      nackBackoff: either(outbox.nackBackoff, 50, 300),
      maxResend: lossless ? LOSSLESS_RESENDS : either(outbox.maxResend, 2, 20),
      maxPending: lossless ? LOSSLESS_PENDING : either(outbox.maxPending, 3, 10, 1000),
      overflow: either(outbox.overflow, 'reject', 'drop-oldest', 'disconnect', 'pause'),
    },
    heartbeat: either(server.heartbeat, { ...server.heartbeat, interval: 300, timeout: 150, missed: 2 }),
    buffer: either(server.buffer, { ...server.buffer, warn: 2048, max: 4096 }),
    broadcast: either(server.broadcast, { ...server.broadcast, batchSize: 2, batchDelay: 5 }),
  };
}

function drawProfile(profile: ClientProfile, random: Random, lossless: boolean): ClientProfile {
  const either = chooser(random);
  const { ack, dedupWindow, reconnect } = profile;
  return {
    ...profile,
    ack: either(
      ack,
      { ...ack, mode: 'each' },
      { mode: 'cumulative', every: 8, delay: 50 },
      { mode: 'cumulative', every: 32, delay: 50 },
    ),
    batch: random.next() < 0.5,
    dedupWindow: lossless ? dedupWindow : either(dedupWindow, 4, 64),
    reconnect: either(reconnect, { ...reconnect, min: 1, max: 100 }, { min: 300, max: 1000, jitter: 'none' }),
  };
}

/** The scenario's own value half of the time, else one of the others. */
function chooser(random: Random): <T>(own: T, ...others: readonly T[]) => T {
  return (own, ...others) => (random.next() < 0.5 ? own : pick(random, others));
}
