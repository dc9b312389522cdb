import type { Driver } from '../drivers/driver.ts';
import { DEFAULT_DRIVER } from '../drivers/registry.ts';
import { plainValues } from '../drivers/values.ts';
import { Fleet } from '../load/fleet.ts';
import { FleetHere } from '../load/fleet-here.ts';
import { Publishers } from '../load/publishing/publishers.ts';
import type { Clock } from '../protocol/ports.ts';
import { clientId } from '../scenario/client-id.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf, planFaults } from '../scenario/timeline.ts';
import type { NewBroadcaster } from '../server/reference-server.ts';
import { ServerUnderTest } from '../server/server-under-test.ts';
import { ProcessTimers, SERVER_ADDRESS, VirtualEndpoint } from '../server/virtual-endpoint.ts';
import type { RunRecord } from '../verdict/run-record.ts';
import { newIdFrom, randomStreams } from '../world/random.ts';
import { virtualHttp } from '../world/virtual/http.ts';
import type { LaneOptions, Path } from '../world/virtual/lane.ts';
import { type ConnectionTap, VirtualNetwork } from '../world/virtual/network.ts';
import { VirtualTime } from '../world/virtual/scheduler.ts';
import { POLL_MS, phases, type RunParts, type Wait } from './phases.ts';
import { obstacleToSimulation } from './simulatable.ts';

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
  /** Absent: the one that the reference broadcaster wants. */
  readonly driver?: Driver;
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

class SimulatedRun {
  readonly #time = new VirtualTime();
  readonly #parts: RunParts;
  readonly #fleet: Fleet;

  constructor(options: SimulationOptions) {
    const { scenario, network: lanes = {}, newTap, newBroadcaster, driver = DEFAULT_DRIVER } = options;
    const time = this.#time;
    const streams = randomStreams(scenario.seed);
    const timers = new ProcessTimers(time);
    const run = `s${scenario.seed.toString(36)}`;
    const planned = planFaults(scenario, streams);
    const { kernelBytes, up = USUAL_LANE, down = USUAL_LANE } = lanes;
    const network = new VirtualNetwork({
      time,
      randomFor: streams,
      ...(kernelBytes === undefined ? {} : { kernelBytes }),
    });
    const paths = Array.from(
      { length: clientsOf(scenario).count },
      (_, client): Path => network.path({ name: `net/${client}`, up, down }),
    );
    const server = new ServerUnderTest({
      scenario,
      planned,
      run,
      ports: { clock: time, timers, randomFor: streams, newId: newIdFrom(streams('ids')) },
      ...(newBroadcaster === undefined ? {} : { newBroadcaster }),
      onHeldUp: (untilUs) => publishers.excuseSlipUntil(untilUs),
    });
    const { reference } = server;
    reference.endpoint = new VirtualEndpoint({
      network,
      accept: (link) => reference.accept(link),
      time,
      timers,
      paths,
    });
    const publishers = new Publishers({
      scenario,
      run,
      way: reference,
      clock: time,
      timers,
      streams,
    });
    this.#fleet = new Fleet({
      scenario,
      run,
      clients: [...paths.keys()],
      planned,
      ports: {
        clock: time,
        timers: time,
        dialFor: ({ client: { index: client } }) =>
          network.dialer({
            address: SERVER_ADDRESS,
            path: paths[client] as Path,
            ...(newTap === undefined ? {} : { newTap: () => newTap(client, time) }),
          }),
        valuesFor: (client) => plainValues(client, clientId(client)),
        http: virtualHttp(time),
        epochMs: () => time.nowUs() / 1000,
        streams,
      },
      driver,
    });
    this.#parts = {
      world: 'virtual',
      scenario,
      driver,
      planned,
      clock: time,
      clients: new FleetHere(this.#fleet, paths.length),
      publishers,
      server,
      targetWay: undefined,
      watch: undefined,
      sampleMs: scenario.duration.load / SAMPLES,
      troubles: [],
      isInterrupted: () => false,
    };
  }

  /** Drives the phases in virtual time: runs events until what they wait for has come. */
  play(): RunRecord {
    const run = phases(this.#parts);
    for (let step = run.next(); ; step = run.next()) {
      if (step.done) return { ...step.value, timersLeft: this.#tearDown() };
      this.#until(step.value);
    }
  }

  #until({ isOver, atMostMs }: Wait): void {
    const untilUs = this.#time.nowUs() + atMostMs * 1000;
    while (!isOver() && this.#time.nowUs() < untilUs)
      this.#time.run(Math.min(untilUs, this.#time.nowUs() + POLL_MS * 1000));
  }

  /** @returns what is still planned after everybody has gone */
  #tearDown(): number {
    this.#fleet.stop();
    this.#time.runFor(TEARDOWN_MS);
    this.#parts.server?.stop();
    return this.#time.plannedCount;
  }
}
