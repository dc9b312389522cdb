import { crc32 } from '../delivery/crc32.ts';
import type { PlannedFault } from '../faults/fault.ts';
import { Fleet, type NewSubscriber } from '../load/fleet.ts';
import { Publishers } from '../load/publishers.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf, planFaults } from '../scenario/timeline.ts';
import { broadcasterSettings } from '../server/broadcaster-settings.ts';
import { type NewBroadcaster, ReferenceServer } from '../server/reference-server.ts';
import { Sampler } from '../server/sampler.ts';
import { ServerFaults } from '../server/server-faults.ts';
import { UpstreamHandler } from '../server/upstream-handler.ts';
import { ProcessTimers, SERVER_ADDRESS, VirtualEndpoint } from '../server/virtual-endpoint.ts';
import { newIdFrom, randomStreams } from '../world/random.ts';
import type { LaneOptions, Path } from '../world/virtual/lane.ts';
import { type ConnectionTap, VirtualNetwork } from '../world/virtual/network.ts';
import { VirtualTime } from '../world/virtual/scheduler.ts';
import { DrainWatch } from './drain-watch.ts';
import type { RunRecord } from './run-record.ts';

/** How often a phase looks whether it is over. */
const POLL_MS = 25;
const CONNECT_GRACE_MS = 15_000;
const PROBE_TIMEOUT_MS = 15_000;
/** Of what the server holds, over load: in simulated minutes more would cost more time than the messages. */
const SAMPLES = 100;
/** Long enough for every closing handshake, answered or not. */
const TEARDOWN_MS = 10_000;

/** The network between the clients and the server, the same for each client. */
export interface SimulatedNetwork {
  readonly up?: LaneOptions;
  readonly down?: LaneOptions;
  /** What each direction of a connection holds before its sender feels it. */
  readonly kernelBytes?: number;
}

/** A little latency that varies, so that different seeds see different interleavings. */
const USUAL_LANE: LaneOptions = { delayMs: 0.1, jitterMs: 2 };

export interface SimulationOptions {
  readonly scenario: Scenario;
  /** Absent: the scenario's own. */
  readonly seed?: number;
  readonly network?: SimulatedNetwork;
  /** Looks on at a connection that a client dials. */
  readonly newTap?: (client: number, clock: Clock) => ConnectionTap;
  readonly newBroadcaster?: NewBroadcaster;
  readonly newSubscriber?: NewSubscriber;
}

/**
 * Runs a scenario in virtual time: the same server, publishers, clients and faults as on real sockets, in one process
 * and on one event heap. The same scenario and seed always give the same record.
 *
 * @throws {Error} for what only a real machine can show: a target, and the rate `max`
 */
export function simulateScenario(options: SimulationOptions): RunRecord {
  const { seed = options.scenario.seed } = options;
  const scenario = { ...options.scenario, seed };
  const obstacle = obstacleToSimulation(scenario);
  if (obstacle !== undefined) throw new Error(obstacle);
  return new SimulatedRun({ ...options, scenario }).play();
}

/** Why a scenario can't run in virtual time, in words; undefined when it can. */
export function obstacleToSimulation({ target, publish }: Scenario): string | undefined {
  if (target !== undefined)
    return `Cannot simulate "${target}": it is a server elsewhere, a scenario without a target is wanted`;
  if (publish.some(({ rate }) => rate === Number.POSITIVE_INFINITY))
    return 'Cannot simulate the rate "max": virtual time has no capacity to measure, a rate per second is wanted';
  return undefined;
}

/** Of a process, which virtual time has none of. */
const PROCESS_METRICS = /^saturation\.(rss|heapAfterGc|timers|eventLoopDelay)\./;

/** A scenario without the assertions that only a real process can meet or miss, and those assertions. */
export function withoutProcess(scenario: Scenario): {
  readonly scenario: Scenario;
  readonly omitted: readonly string[];
} {
  const { assert } = scenario.expect;
  const omitted = assert.filter((text) => PROCESS_METRICS.test(text));
  const kept = assert.filter((text) => !PROCESS_METRICS.test(text));
  return { scenario: { ...scenario, expect: { ...scenario.expect, assert: kept } }, omitted };
}

class SimulatedRun {
  readonly #scenario: Scenario;
  readonly #time = new VirtualTime();
  readonly #planned: readonly PlannedFault[];
  readonly #server: ReferenceServer;
  readonly #serverFaults: ServerFaults;
  readonly #publishers: Publishers;
  readonly #fleet: Fleet;
  readonly #sampler: Sampler;
  readonly #asked: number;

  constructor(options: SimulationOptions) {
    const { scenario, network: lanes = {}, newTap, newBroadcaster, newSubscriber } = options;
    const time = this.#time;
    const streams = randomStreams(scenario.seed);
    const timers = new ProcessTimers(time);
    const run = `s${scenario.seed.toString(36)}`;
    this.#scenario = scenario;
    this.#asked = clientsOf(scenario).count;
    this.#planned = planFaults(scenario, streams);
    this.#server = new ReferenceServer({
      settings: broadcasterSettings(scenario.server),
      ports: { clock: time, timers, randomFor: streams, newId: newIdFrom(streams('ids')) },
      upstreamHandler: new UpstreamHandler({ scenario, run, clock: time, checksum: crc32 }),
      ...(this.#planned.some(({ name }) => name === 'send-errors')
        ? { sendFailures: streams('send-errors') }
        : {}),
      ...(newBroadcaster === undefined ? {} : { newBroadcaster }),
    });
    const server = this.#server;
    this.#publishers = new Publishers({
      scenario,
      run,
      route: server,
      clock: time,
      timers,
      streams,
      checksum: crc32,
    });
    const publishers = this.#publishers;
    const { kernelBytes, up = USUAL_LANE, down = USUAL_LANE } = lanes;
    const network = new VirtualNetwork({
      time,
      randomFor: streams,
      ...(kernelBytes === undefined ? {} : { kernelBytes }),
    });
    const paths = Array.from(
      { length: this.#asked },
      (_, client): Path => network.path({ name: `net/${client}`, up, down }),
    );
    server.endpoint = new VirtualEndpoint({
      network,
      accept: (link) => server.accept(link),
      time,
      timers,
      paths,
      onBlocked: (untilUs) => publishers.excuseSlipUntil(untilUs),
    });
    const settings = scenario.server;
    this.#sampler = new Sampler({ server, clock: time, timers, settings });
    this.#serverFaults = new ServerFaults({
      planned: this.#planned,
      server,
      clock: time,
      timers,
      onStruck() {},
    });
    this.#fleet = new Fleet({
      scenario,
      run,
      clients: [...paths.keys()],
      planned: this.#planned,
      ports: {
        clock: time,
        timers: time,
        dialFor: (client) =>
          network.dialer({
            address: SERVER_ADDRESS,
            path: paths[client] as Path,
            ...(newTap === undefined ? {} : { newTap: () => newTap(client, time) }),
          }),
        streams,
        checksum: crc32,
      },
      ...(newSubscriber === undefined ? {} : { newSubscriber }),
    });
  }

  play(): RunRecord {
    const { rampUp, warmUp, load } = this.#scenario.duration;
    const time = this.#time;
    const startUs = time.nowUs();
    this.#fleet.connect(startUs);
    this.#until(() => this.#fleet.counts().ready >= this.#asked, rampUp + CONNECT_GRACE_MS);
    const connected = this.#fleet.counts().ready;
    this.#sampler.start(this.#asked, load / SAMPLES);
    this.#publishers.probe();
    this.#until(() => this.#fleet.counts().probed >= this.#fleet.counts().ready, PROBE_TIMEOUT_MS);
    const { probed } = this.#fleet.counts();
    const fromUs = time.nowUs();
    const loadFromUs = fromUs + warmUp * 1000;
    const loadToUs = loadFromUs + load * 1000;
    this.#publishers.start({ fromUs, loadFromUs, toUs: loadToUs });
    time.run(loadFromUs);
    this.#fleet.startLoad(loadFromUs, loadToUs);
    this.#server.record.startLoad(loadFromUs);
    this.#serverFaults.start(loadFromUs);
    time.run(loadToUs);
    const drain = this.#drain();
    const instants = { startUs, loadFromUs, loadToUs, endUs: time.nowUs() };
    return this.#finish({ connected, probed, drain, instants });
  }

  /** Heals every fault, then waits until every live session has everything, or nothing moves any more. */
  #drain(): DrainWatch['outcome'] {
    const clock = this.#time;
    this.#publishers.stop();
    this.#serverFaults.stop();
    this.#fleet.heal();
    const deadlineUs = clock.nowUs() + this.#scenario.duration.settle * 1000;
    const leftMs = (): number => (deadlineUs - clock.nowUs()) / 1000;
    this.#until(() => this.#publishers.unanswered === 0 && this.#server.isUp, leftMs());
    this.#fleet.startDrain(this.#publishers.goals());
    const watch = new DrainWatch({
      scenario: this.#scenario,
      server: this.#server,
      clock,
    });
    this.#until(() => watch.look(this.#fleet.counts(), this.#asked), leftMs());
    return watch.outcome;
  }

  #finish(parts: Pick<RunRecord, 'connected' | 'probed' | 'drain' | 'instants'>): RunRecord {
    this.#sampler.finish();
    return {
      world: 'virtual',
      scenario: this.#scenario,
      planned: this.#planned,
      log: this.#publishers.log,
      publishedInLoad: this.#publishers.inLoad,
      slip: this.#publishers.slip,
      accept: this.#publishers.accept,
      fleets: [this.#fleet.toRecord()],
      measures: this.#fleet.measures,
      server: this.#server.findings(),
      sampler: this.#sampler,
      serverUse: undefined,
      workers: [],
      serverFaults: this.#serverFaults.toRecords(),
      interrupted: false,
      lastFailure: this.#fleet.lastFailure,
      troubles: [],
      ...parts,
      timersLeft: this.#tearDown(),
    };
  }

  /** @returns what is still planned after everybody has gone */
  #tearDown(): number {
    this.#fleet.stop();
    this.#time.runFor(TEARDOWN_MS);
    this.#server.stop();
    return this.#time.plannedCount;
  }

  /** Lets time pass until a condition holds, at most so long. */
  #until(holds: () => boolean, timeoutMs: number): void {
    const untilUs = this.#time.nowUs() + timeoutMs * 1000;
    while (!holds() && this.#time.nowUs() < untilUs) {
      this.#time.run(Math.min(untilUs, this.#time.nowUs() + POLL_MS * 1000));
    }
  }
}
