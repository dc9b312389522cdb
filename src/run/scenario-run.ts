import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Reason } from '../delivery/reason.ts';
import type { Driver } from '../drivers/driver.ts';
import { DEFAULT_DRIVER } from '../drivers/registry.ts';
import type { PlannedFault } from '../faults/fault.ts';
import { loadDriver } from '../load/driver-file.ts';
import { ProcessWatch } from '../load/process-use.ts';
import { Publishers } from '../load/publishing/publishers.ts';
import type { TargetWays } from '../load/publishing/target-ways.ts';
import { waysToTarget } from '../load/publishing/ways-to-target.ts';
import { TargetClients } from '../load/target-clients.ts';
import { WorkerPool } from '../load/worker-pool.ts';
import type { Scenario } from '../scenario/schema.ts';
import { instancesOf } from '../scenario/services-schema.ts';
import type { Target } from '../scenario/target/target-schema.ts';
import { clientsOf, planFaults } from '../scenario/timeline.ts';
import type { ReferenceServer } from '../server/reference-server.ts';
import { ScaleHook } from '../server/scale-hook.ts';
import { ServerUnderTest } from '../server/server-under-test.ts';
import { ServiceSet } from '../server/services/service-set.ts';
import { SocketEndpoint } from '../server/socket-endpoint.ts';
import type { RunRecord } from '../verdict/run-record.ts';
import { MachineClock } from '../world/real/clock.ts';
import { Machine } from '../world/real/machine.ts';
import { newRedisPublisher } from '../world/real/redis-publisher.ts';
import { type Phase, POLL_MS, phases, type RunParts, type Wait } from './phases.ts';
import { preflight, thisMachine } from './preflight.ts';
import { progressOf, type RunProgress } from './run-progress.ts';
import { scenarioWithPorts, startServices } from './service-start.ts';

export { DriverFileError } from '../load/guarded-driver.ts';

const CLIENTS_PER_WORKER = 4000;
const LOCALHOST = '127.0.0.1';

export interface RunOptions {
  readonly scenario: Scenario;
  /** To which files that the scenario names are relative; absent: the present one. */
  readonly folder?: string;
  /** Absent: from cores and clients. */
  readonly workers?: number;
  readonly onProgress: (progress: RunProgress) => void;
  /** Ends the run early: what is known by then is judged. */
  readonly signal: AbortSignal;
  /** Gets hold of the run before it begins, for whoever measures it from outside. */
  readonly onStart?: (running: RunningScenario) => void;
}

/** A run that is under way. */
export interface RunningScenario {
  /** Absent for a target. */
  readonly server: ReferenceServer | undefined;
  /** Duplicates that clients did not handle again. */
  deduplicated(): number;
}

/**
 * One run of a scenario on real sockets.
 *
 * The server and the publishers live in this process, the clients in load workers. Whatever happens to any of them,
 * the run ends: with all records, or with those that could still be had.
 *
 * @throws {DriverFileError}
 * @throws {TargetUnreachable}
 * @throws {PreflightError} when the machine has too little of something
 * @throws {ServiceStartError}
 * @throws {ServicesInterrupted}
 */
export async function runScenario(options: RunOptions): Promise<RunRecord> {
  const { scenario } = options;
  if (instancesOf(scenario.services).length === 0) return runBeside(undefined, options);
  // A module that can't be used is found out before anything starts.
  if (scenario.target !== undefined) await loadDriver(scenario.target, options.folder ?? '.');
  const services = new ServiceSet({ ...scenario, folder: options.folder ?? '.', clock: new MachineClock() });
  try {
    await startServices(services, options);
    const record = await runBeside(services, {
      ...options,
      scenario: scenarioWithPorts(scenario, services.ports),
    });
    return { ...record, scenario };
  } finally {
    await services.stop();
  }
}

/** @param services - are running */
async function runBeside(services: ServiceSet | undefined, options: RunOptions): Promise<RunRecord> {
  const { scenario, folder = '.' } = options;
  const driver = scenario.target === undefined ? undefined : await loadDriver(scenario.target, folder);
  const run = new ScenarioRun(options, services, driver);
  try {
    return await run.play();
  } finally {
    await run.dispose();
  }
}

class ScenarioRun {
  readonly #options: RunOptions;
  readonly #machine: Machine;
  readonly #watch: ProcessWatch;
  readonly #pool: WorkerPool;
  readonly #parts: RunParts;
  readonly #workers: number;
  readonly #asked: number;
  readonly #troubles: Reason[] = [];
  #endpoint: SocketEndpoint | undefined;
  /** A publisher saw the target redirect, which a bare socket can't follow. */
  #redirects = false;
  #scaleHook: ScaleHook | undefined;
  #phase: Phase = 'start';
  #phaseFromUs: number;

  /** @param driver - of the target, if there is one */
  constructor(options: RunOptions, services: ServiceSet | undefined, driver: Driver | undefined) {
    const { scenario, signal, folder = '.' } = options;
    const run = `r${randomBytes(5).toString('hex')}`;
    const machine = new Machine(scenario.seed);
    const { clock, timers, randomFor } = machine;
    const planned = planFaults(scenario, randomFor);
    this.#options = options;
    this.#machine = machine;
    this.#phaseFromUs = clock.nowUs();
    this.#watch = new ProcessWatch(clock);
    this.#asked = clientsOf(scenario).count;
    this.#workers = workerCount(options.workers, this.#asked);
    this.#pool = new WorkerPool({
      job: () => {
        const url = this.#endpoint?.url ?? '';
        return { scenario, run, planned, url, folder, redirects: this.#redirects };
      },
      workers: this.#workers,
      clients: this.#asked,
      onTrouble: (trouble) => this.#troubles.push(trouble),
    });
    const server = scenario.target === undefined ? this.#makeServer(run, planned) : undefined;
    const { target } = scenario;
    const targetWay =
      target === undefined || driver === undefined
        ? undefined
        : this.#waysTo(target, { driver, run, folder });
    const publishers = new Publishers({
      scenario,
      run,
      way: server?.reference ?? (targetWay as TargetWays),
      clock,
      timers,
      streams: randomFor,
    });
    this.#parts = {
      world: 'real',
      scenario,
      driver: driver ?? DEFAULT_DRIVER,
      planned,
      clock,
      clients: this.#pool,
      publishers,
      server,
      services,
      targetWay,
      watch: this.#watch,
      troubles: this.#troubles,
      isInterrupted: () => signal.aborted,
    };
  }

  #makeServer(run: string, planned: readonly PlannedFault[]): ServerUnderTest {
    const { scenario } = this.#options;
    const { clock, timers } = this.#machine;
    const hook = new ScaleHook({
      settings: scenario.server.alerts.scale,
      onTrouble: (detail) =>
        server.reference.record.alerts.add({
          name: 'scaleFailed',
          atUs: clock.nowUs(),
          detail,
          clientId: undefined,
        }),
    });
    const server = new ServerUnderTest({
      scenario,
      planned,
      run,
      ports: { ...this.#machine, scale: (alert) => hook.run(alert) },
      process: {
        takeDelayUs: () => this.#watch.takeDelayUs(),
        rssBytes: () => this.#watch.rssBytes(),
        takeHeapAfterGcBytes: () => this.#watch.takeHeapAfterGcBytes(),
        armedTimers: () => timers.armedCount,
      },
      onHeldUp: (untilUs) => {
        this.#parts.publishers.excuseSlipUntil(untilUs);
        this.#watch.excuseStall();
      },
    });
    this.#scaleHook = hook;
    this.#endpoint = new SocketEndpoint({
      clock,
      taker: {
        accept: (link) => server.reference.accept(link),
        beforeRead: () => timers.catchUp(),
        onFailure: (error) => this.#serverFailed(server.reference, error),
      },
      host: LOCALHOST,
      port: 0,
      onTrouble: (error) => this.#troubles.push({ code: 'listener-failed', why: error.message }),
    });
    server.reference.endpoint = this.#endpoint;
    return server;
  }

  /** The way of each stream of the scenario. Publishers have the numbers behind those of the clients. */
  #waysTo(
    target: Target,
    { driver, run, folder }: { readonly driver: Driver; readonly run: string; readonly folder: string },
  ): TargetWays {
    const { clock, timers, randomFor, epochMs } = this.#machine;
    const random = randomFor('publishers');
    const { scenario } = this.#options;
    const numberOf = (stream: number): number => this.#asked + stream - 1;
    const towards = new TargetClients({
      target,
      folder,
      driver,
      clock,
      clients: scenario.publish.map((_, index) => numberOf(index + 1)),
      onRedirect: () => {
        this.#redirects = true;
      },
    });
    return waysToTarget({
      scenario,
      run,
      driver,
      clients: this.#pool,
      newRedisPublisher,
      towards: {
        valuesFor: (stream, id) => towards.valuesFor(numberOf(stream), id),
        dialFor: (values) => towards.dialFor(values),
        withoutSecrets: (text, values) => towards.withoutSecrets(text, values),
      },
      ports: {
        clock,
        timers,
        reconnectRandom: random,
        handlerRandom: random,
        contentRandom: random,
        http: towards.http,
        epochMs,
      },
    });
  }

  #serverFailed(server: ReferenceServer, error: Error): void {
    if (server.statistics.internalErrors === 0)
      this.#troubles.push({ code: 'server-failed', where: whereOf(error) });
    server.failed();
  }

  /** Drives the phases in real time: looks now and then whether what they wait for has come. */
  async play(): Promise<RunRecord> {
    const { scenario, planned, server } = this.#parts;
    this.#options.onStart?.({
      server: server?.reference,
      deduplicated: () => this.#pool.sum('deduplicated'),
    });
    preflight({ scenario, planned, clients: this.#asked, workers: this.#workers }, thisMachine());
    this.#options.signal.addEventListener('abort', this.#hurry);
    await this.#endpoint?.open();
    const run = phases(this.#parts);
    for (let step = run.next(); ; step = run.next()) {
      if (step.done) return step.value;
      await this.#until(step.value);
    }
  }

  async #until({ phase, isOver, atMostMs, insists = false }: Wait): Promise<void> {
    const fromUs = this.#machine.clock.nowUs();
    if (phase !== this.#phase) this.#phaseFromUs = fromUs;
    this.#phase = phase;
    this.#tell();
    while (!isOver()) {
      const leftMs = atMostMs - (this.#machine.clock.nowUs() - fromUs) / 1000;
      if (leftMs <= 0 || (this.#options.signal.aborted && !insists)) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, leftMs)));
      this.#tell();
    }
  }

  readonly #hurry = (): void => this.#pool.hurry();

  async dispose(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#hurry);
    const { publishers, targetWay, server } = this.#parts;
    publishers.stop();
    targetWay?.stop();
    server?.stop();
    this.#scaleHook?.stop();
    this.#watch.stop();
    this.#pool.kill();
    await this.#endpoint?.close();
    this.#machine.close();
  }

  #tell(): void {
    const elapsedMs = (this.#machine.clock.nowUs() - this.#phaseFromUs) / 1000;
    this.#options.onProgress(progressOf({ phase: this.#phase, elapsedMs }, this.#parts, this.#pool));
  }
}

function workerCount(wanted: number | undefined, clients: number): number {
  if (wanted !== undefined) return Math.min(wanted, clients);
  const spare = Math.max(1, availableParallelism() - 1);
  return Math.min(Math.max(1, Math.ceil(clients / CLIENTS_PER_WORKER)), spare);
}

/** The message of an error and the place where it was thrown. */
function whereOf(error: Error): string {
  const place = error.stack?.split('\n').find((line) => line.startsWith('    at '));
  return place === undefined ? error.message : `${error.message} (${place.trim()})`;
}
