import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import type { BroadcastAlert } from '../broadcaster/alerts.ts';
import type { PlannedFault } from '../faults/fault.ts';
import type { FleetStatus } from '../load/fleet.ts';
import { Measures } from '../load/measures.ts';
import { ProcessWatch } from '../load/process-use.ts';
import { Publishers } from '../load/publishers.ts';
import { UpstreamRoute } from '../load/upstream-route.ts';
import { WorkerPool } from '../load/worker-pool.ts';
import { ServerTextDecoder } from '../protocol/server-text-decoder.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf, planFaults } from '../scenario/timeline.ts';
import { broadcasterSettings } from '../server/broadcaster-settings.ts';
import { ReferenceServer } from '../server/reference-server.ts';
import { Sampler } from '../server/sampler.ts';
import { ScaleHook } from '../server/scale-hook.ts';
import { ServerFaults } from '../server/server-faults.ts';
import { SocketEndpoint } from '../server/socket-endpoint.ts';
import { UpstreamHandler } from '../server/upstream-handler.ts';
import { randomStreams } from '../world/random.ts';
import { MachineClock } from '../world/real/clock.ts';
import { createDialer } from '../world/real/dial.ts';
import { newSecretId } from '../world/real/new-id.ts';
import { TimerWheel } from '../world/real/timer-wheel.ts';
import { type DrainCounts, DrainWatch } from './drain-watch.ts';
import { preflight, thisMachine } from './preflight.ts';
import type { RunRecord } from './run-record.ts';

const CLIENTS_PER_WORKER = 4000;
const POLL_MS = 25;
const CONNECT_GRACE_MS = 15_000;
const PROBE_TIMEOUT_MS = 15_000;
const RECORD_TIMEOUT_MS = 60_000;
const TARGET_TIMEOUT_MS = 5000;
const LOCALHOST = '127.0.0.1';

export type Phase = 'start' | 'connect' | 'probe' | 'warm-up' | 'load' | 'drain' | 'judge';

/** What a run says of itself while it is under way. */
export interface RunProgress {
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly connected: number;
  readonly asked: number;
  /** Since the run began. */
  readonly published: number;
  readonly delivered: number;
  readonly pending: number | undefined;
  readonly pushP99Us: number | undefined;
  readonly faults: readonly string[];
}

/** Nobody answers at the target, or not in this protocol. */
export class TargetUnreachable extends Error {
  override readonly name = 'TargetUnreachable';
}

export interface RunOptions {
  readonly scenario: Scenario;
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
 * One run of a scenario on real sockets, from the first connection to the last record.
 *
 * The server and the publishers live in this process, the clients in load workers. Whatever happens to any of them,
 * the run ends: with all records, or with those that could still be had.
 */
export async function runScenario(options: RunOptions): Promise<RunRecord> {
  const run = new ScenarioRun(options);
  try {
    return await run.play();
  } finally {
    await run.dispose();
  }
}

class ScenarioRun {
  readonly #options: RunOptions;
  readonly #scenario: Scenario;
  readonly #run = `r${randomBytes(5).toString('hex')}`;
  readonly #clock = new MachineClock();
  readonly #timers = new TimerWheel(this.#clock);
  readonly #streams: ReturnType<typeof randomStreams>;
  readonly #pool: WorkerPool;
  readonly #watch = new ProcessWatch(this.#clock);
  readonly #planned: readonly PlannedFault[];
  readonly #publishers: Publishers;
  readonly #server: ReferenceServer | undefined;
  readonly #endpoint: SocketEndpoint | undefined;
  readonly #route: UpstreamRoute | undefined;
  readonly #sampler: Sampler | undefined;
  readonly #serverFaults: ServerFaults | undefined;
  readonly #scaleHook: ScaleHook | undefined;
  readonly #troubles: string[] = [];
  readonly #asked: number;
  #phase: Phase = 'start';
  #phaseFromUs = 0;
  #phaseMs = 0;
  #drain: DrainWatch | undefined;
  #probed = 0;
  #connected = 0;
  #loadFromUs = 0;
  #loadToUs = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const { scenario } = options;
    this.#scenario = scenario;
    this.#asked = clientsOf(scenario).count;
    this.#streams = randomStreams(scenario.seed);
    this.#planned = planFaults(scenario, this.#streams);
    this.#pool = new WorkerPool((worker) =>
      this.#troubles.push(`load worker ${worker.worker} died (${worker.lost})`),
    );
    const [clock, timers] = [this.#clock, this.#timers];
    const checksum = (body: string): number => crc32(body);
    if (scenario.target === undefined) {
      const settings = broadcasterSettings(scenario.server);
      const hook = new ScaleHook({
        settings: scenario.server.alerts.scale,
        onTrouble: (detail) =>
          this.#server?.record.alerts.add({
            name: 'scaleFailed',
            atUs: clock.nowUs(),
            detail,
            clientId: undefined,
          }),
      });
      this.#scaleHook = hook;
      const scale = (alert: BroadcastAlert): void => hook.run(alert);
      const ports = { clock, timers, randomFor: this.#streams, newId: newSecretId, scale };
      const upstreamHandler = new UpstreamHandler({ scenario, run: this.#run, clock, checksum });
      const failing = this.#planned.some(({ name }) => name === 'send-errors');
      const sendFailures = failing ? { sendFailures: this.#streams('send-errors') } : {};
      const server = new ReferenceServer({ settings, ports, upstreamHandler, ...sendFailures });
      this.#server = server;
      this.#endpoint = new SocketEndpoint({
        accept: (link) => server.accept(link),
        host: LOCALHOST,
        port: 0,
        onTrouble: (error) => this.#troubles.push(error.message),
        beforeRead: () => timers.catchUp(),
      });
      server.endpoint = this.#endpoint;
      const onStruck = (): void => {
        this.#publishers.excuseSlipUntil(clock.nowUs());
        this.#watch.excuseStall();
      };
      this.#serverFaults = new ServerFaults({ planned: this.#planned, server, clock, timers, onStruck });
      this.#sampler = new Sampler({
        server,
        process: {
          takeDelayUs: () => this.#watch.takeDelayUs(),
          rssBytes: () => this.#watch.rssBytes(),
          takeHeapAfterGcBytes: () => this.#watch.takeHeapAfterGcBytes(),
          armedTimers: () => this.#timers.armedCount,
        },
        clock,
        timers,
        settings: scenario.server,
      });
    } else {
      const dial = createDialer({ url: scenario.target });
      const random = this.#streams('publishers');
      this.#route = new UpstreamRoute({
        run: this.#run,
        streams: scenario.publish.length + 1,
        ports: {
          clock,
          timers,
          dial,
          decoder: new ServerTextDecoder(),
          reconnectRandom: random,
          handlerRandom: random,
        },
      });
    }
    const route = this.#server ?? this.#route;
    if (route === undefined) throw new Error('a run has a server or a target');
    this.#publishers = new Publishers({
      scenario,
      run: this.#run,
      route,
      clock,
      timers,
      streams: this.#streams,
      checksum,
    });
  }

  async play(): Promise<RunRecord> {
    this.#options.onStart?.({ server: this.#server, deduplicated: () => this.#sum('deduplicated') });
    const startUs = this.#clock.nowUs();
    this.#begin('start', this.#route === undefined ? 0 : TARGET_TIMEOUT_MS);
    const workers = this.#workerCount();
    preflight(
      { scenario: this.#scenario, planned: this.#planned, clients: this.#asked, workers },
      thisMachine(),
    );
    await this.#endpoint?.open();
    await this.#reachTarget();
    this.#startWorkers(workers);
    await this.#connect();
    await this.#probe();
    await this.#load();
    await this.#drainAll();
    this.#begin('judge', 0);
    // Nobody waits for the server any more.
    this.#watch.stop();
    const endUs = this.#clock.nowUs();
    const server = this.#server?.findings();
    this.#sampler?.finish();
    await this.#collect();
    const instants = { startUs, loadFromUs: this.#loadFromUs, loadToUs: this.#loadToUs, endUs };
    return { ...this.#record(instants), server };
  }

  async dispose(): Promise<void> {
    this.#publishers.stop();
    this.#route?.stop();
    this.#server?.stop();
    this.#scaleHook?.stop();
    this.#sampler?.stop();
    this.#watch.stop();
    this.#pool.kill();
    await this.#endpoint?.close();
    this.#timers.close();
  }

  #record(instants: RunRecord['instants']): Omit<RunRecord, 'server'> {
    const { workers } = this.#pool;
    const measures = new Measures(this.#scenario.clients.length);
    for (const worker of workers) if (worker.measures !== undefined) measures.merge(worker.measures);
    const silent = workers.filter(({ lost, record }) => lost === undefined && record === undefined);
    const drain = this.#drain?.outcome ?? 'progressing';
    return {
      world: 'real',
      scenario: this.#scenario,
      planned: this.#planned,
      log: this.#publishers.log,
      publishedInLoad: this.#publishers.inLoad,
      slip: this.#publishers.slip,
      accept: this.#publishers.accept,
      fleets: workers.flatMap(({ record }) => record ?? []),
      measures,
      sampler: this.#sampler,
      serverUse: this.#server === undefined ? undefined : this.#watch.use(),
      workers,
      serverFaults: this.#serverFaults?.toRecords() ?? [],
      // Who breaks off has not waited long enough to call anything stuck.
      drain: this.#aborted && drain === 'stuck' ? 'progressing' : drain,
      interrupted: this.#aborted,
      connected: this.#connected,
      probed: this.#probed,
      lastFailure: workers.map(({ status }) => status?.lastFailure ?? '').find((text) => text !== '') ?? '',
      troubles: [
        ...this.#troubles,
        ...silent.map(({ worker }) => `load worker ${worker} did not hand over its record`),
      ],
      instants,
    };
  }

  get #aborted(): boolean {
    return this.#options.signal.aborted;
  }

  #workerCount(): number {
    const asked = this.#options.workers;
    if (asked !== undefined) return Math.min(asked, this.#asked);
    const spare = Math.max(1, availableParallelism() - 1);
    return Math.min(Math.max(1, Math.ceil(this.#asked / CLIENTS_PER_WORKER)), Math.max(spare, 1));
  }

  async #reachTarget(): Promise<void> {
    const route = this.#route;
    if (route === undefined) return;
    route.connect();
    await this.#until(() => route.ready, TARGET_TIMEOUT_MS);
    if (route.ready || this.#aborted) return;
    const why = route.lastFailure === '' ? 'it does not answer a hello' : route.lastFailure;
    throw new TargetUnreachable(
      `Cannot reach "${this.#scenario.target}": ${why}, a WebSocket server that speaks wsdeliver.v1 is wanted`,
    );
  }

  #startWorkers(count: number): void {
    const url = this.#endpoint?.url ?? this.#scenario.target ?? '';
    for (let worker = 0; worker < count; worker += 1) {
      const clients: number[] = [];
      for (let client = worker; client < this.#asked; client += count) clients.push(client);
      const started = this.#pool.start(clients);
      const [scenario, run, planned] = [this.#scenario, this.#run, this.#planned];
      this.#pool.tell(started, { kind: 'job', worker, scenario, run, clients, planned, url });
    }
  }

  async #connect(): Promise<void> {
    const { rampUp } = this.#scenario.duration;
    await this.#until(() => this.#pool.live.every(({ status }) => status !== undefined), CONNECT_GRACE_MS);
    this.#begin('connect', rampUp);
    this.#watch.restart();
    this.#pool.tellAll({ kind: 'connect', startUs: this.#clock.nowUs() });
    await this.#until(() => this.#sum('ready') >= this.#expected, rampUp + CONNECT_GRACE_MS);
    this.#connected = this.#sum('ready');
    this.#sampler?.start(this.#asked);
  }

  /** Every client has to have received one message before anything is measured. */
  async #probe(): Promise<void> {
    this.#begin('probe', PROBE_TIMEOUT_MS);
    if (this.#aborted) return;
    this.#publishers.probe();
    await this.#until(() => this.#sum('probed') >= this.#sum('ready'), PROBE_TIMEOUT_MS);
    this.#probed = this.#sum('probed');
  }

  async #load(): Promise<void> {
    const { warmUp, load } = this.#scenario.duration;
    const fromUs = this.#clock.nowUs();
    this.#loadFromUs = fromUs + warmUp * 1000;
    this.#loadToUs = this.#loadFromUs + load * 1000;
    if (this.#aborted) return;
    this.#begin('warm-up', warmUp);
    this.#publishers.start({ fromUs, loadFromUs: this.#loadFromUs, toUs: this.#loadToUs });
    await this.#until(() => this.#clock.nowUs() >= this.#loadFromUs || this.#pool.live.length === 0, warmUp);
    if (this.#aborted) return;
    this.#begin('load', load);
    this.#pool.tellAll({ kind: 'load', fromUs: this.#loadFromUs, toUs: this.#loadToUs });
    this.#server?.record.startLoad(this.#loadFromUs);
    this.#watch.startLoad();
    this.#sampler?.startLoad();
    this.#serverFaults?.start(this.#loadFromUs);
    await this.#until(() => this.#clock.nowUs() >= this.#loadToUs || this.#pool.live.length === 0, load);
    if (this.#aborted) this.#loadToUs = this.#clock.nowUs();
  }

  /** Heals every fault, then waits until every live session has everything, or nothing moves any more. */
  async #drainAll(): Promise<void> {
    const { settle } = this.#scenario.duration;
    this.#begin('drain', settle);
    this.#watch.freeze();
    this.#sampler?.endLoad();
    this.#publishers.stop();
    this.#serverFaults?.stop();
    this.#pool.tellAll({ kind: 'heal' });
    const deadlineUs = this.#clock.nowUs() + settle * 1000;
    const leftMs = (): number => Math.max(0, (deadlineUs - this.#clock.nowUs()) / 1000);
    // Half of the time at most: who never answers a publish may still have something to deliver.
    await this.#until(() => this.#publishers.unanswered === 0 && (this.#server?.isUp ?? true), settle / 2);
    this.#pool.tellAll({ kind: 'drain', goals: this.#publishers.goals() });
    await this.#until(() => this.#pool.live.every(({ draining }) => draining), leftMs());
    const watch = new DrainWatch({ scenario: this.#scenario, server: this.#server, clock: this.#clock });
    this.#drain = watch;
    await this.#until(() => watch.look(this.#counts(), this.#expected), leftMs());
    if (this.#aborted) this.#drain = undefined;
    else this.#notice(watch);
  }

  /** A server that has gone away owes nothing any more, which must not pass for having delivered everything. */
  #notice({ away, outcome }: DrainWatch): void {
    const { unanswered } = this.#publishers;
    if (unanswered > 0) this.#troubles.push(`${unanswered} publishes were never answered`);
    if (away > 0 && outcome !== 'complete')
      this.#troubles.push(`${away} of ${this.#asked} clients had no connection at the end`);
  }

  #counts(): DrainCounts {
    // A worker that has not heard of the drain yet counts nothing as unfinished.
    const told = this.#pool.live.every(({ draining }) => draining);
    const unfinished = told ? this.#sum('unfinished') : this.#expected;
    return {
      ready: this.#sum('ready'),
      gone: this.#sum('gone'),
      unfinished,
      progress: this.#sum('progress'),
    };
  }

  /** Clients of workers that are alive. */
  get #expected(): number {
    return this.#pool.live.reduce((sum, { clients }) => sum + clients.length, 0);
  }

  async #collect(): Promise<void> {
    this.#pool.tellAll({ kind: 'finish' });
    const timeoutUs = this.#clock.nowUs() + RECORD_TIMEOUT_MS * 1000;
    while (this.#pool.live.some(({ record }) => record === undefined) && this.#clock.nowUs() < timeoutUs)
      await sleep(POLL_MS);
  }

  #sum(key: 'ready' | 'probed' | 'gone' | 'unfinished' | 'progress' | 'handled' | 'deduplicated'): number {
    return this.#pool.live.reduce((sum, { status }) => sum + (status?.[key] ?? 0), 0);
  }

  #begin(phase: Phase, lengthMs: number): void {
    this.#phase = phase;
    this.#phaseFromUs = this.#clock.nowUs();
    this.#phaseMs = lengthMs;
    this.#tell();
  }

  /** Waits for a condition, at most so long, telling how it goes; an abort ends the wait. */
  async #until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    const untilUs = this.#clock.nowUs() + timeoutMs * 1000;
    while (!holds()) {
      const leftMs = (untilUs - this.#clock.nowUs()) / 1000;
      if (leftMs <= 0 || this.#aborted) return false;
      await sleep(Math.min(POLL_MS, leftMs));
      this.#tell();
    }
    return true;
  }

  #tell(): void {
    const statuses = this.#pool.live.flatMap(({ status }) => status ?? []);
    this.#options.onProgress({
      phase: this.#phase,
      elapsedMs: (this.#clock.nowUs() - this.#phaseFromUs) / 1000,
      totalMs: this.#phaseMs,
      connected: this.#sum('ready'),
      asked: this.#asked,
      published: this.#publishers.published,
      delivered: this.#sum('handled'),
      pending: this.#server?.inFlight(),
      pushP99Us: p99Of(statuses),
      faults: [...new Set(statuses.flatMap(({ faults }) => faults))],
    });
  }
}

function p99Of(statuses: readonly FleetStatus[]): number | undefined {
  const known = statuses.map(({ pushP99Us }) => pushP99Us).filter((us) => us > 0);
  return known.length === 0 ? undefined : Math.max(...known);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
