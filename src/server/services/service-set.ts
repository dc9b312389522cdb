import { randomUUID } from 'node:crypto';
import type { FaultRecord, PlannedFault } from '../../faults/fault.ts';
import type { SeriesSummary } from '../../measure/series.ts';
import type { Clock } from '../../protocol/ports.ts';
import type { Ports } from '../../scenario/service-ports.ts';
import { instancesOf, type Services } from '../../scenario/services-schema.ts';
import { freePort, isFree } from './free-port.ts';
import { launchOf } from './launch.ts';
import { killMarked } from './process-group.ts';
import { RunningService, type ServiceRecord, type Start } from './running-service.ts';
import { ServiceFaults } from './service-faults.ts';
import { ServiceSampler } from './service-sampler.ts';
import { Watchdog } from './watchdog-process.ts';

/**
 * The services of one run. They are started in order, each ready before the next, and all of them end with the run:
 * by its end, by an interruption, and by a watchdog when the tool itself is killed.
 */

const MARK = 'WSDELIVER_SERVICES';
/** A free port may be taken by somebody else before the service takes it. */
const PORT_TRIES = 3;

/** Why services could not be started; the report has the sentence for it. */
export interface StartFailure {
  readonly service: string;
  readonly what: Exclude<Start, { readonly kind: 'ready' | 'given-up' }>;
  readonly output: readonly string[];
}

/** A service that never gets ready, or that ends before the run begins. */
export class ServiceStartError extends Error {
  override readonly name = 'ServiceStartError';
  readonly failure: StartFailure;

  constructor(failure: StartFailure) {
    super(`service ${failure.service} did not start: ${failure.what.kind}`);
    this.failure = failure;
  }
}

/** What services left behind. */
export interface ServiceFindings {
  readonly services: readonly ServiceRecord[];
  readonly faults: readonly FaultRecord[];
  /** @param originUs - start of load */
  series(originUs: number): Record<string, SeriesSummary>;
}

export class ServiceSet {
  readonly #running: readonly RunningService[];
  readonly #ports = new Map<string, number>();
  readonly #mark = `${MARK}=${randomUUID()}`;
  readonly #watchdog: Watchdog;
  readonly #clock: Clock;
  #faults: ServiceFaults | undefined;
  readonly #sampler: ServiceSampler;
  #turn: Promise<void> = Promise.resolve();
  #starting: string | undefined;
  #ready = 0;

  constructor(options: {
    readonly services: Services;
    readonly folder: string;
    readonly clock: Clock;
  }) {
    const { services, folder, clock } = options;
    this.#clock = clock;
    this.#watchdog = new Watchdog(this.#mark);
    this.#running = instancesOf(services).map(
      (instance) =>
        new RunningService({
          instance,
          launch: (port) =>
            launchOf(instance, port, { services, folder, ports: this.#ports, mark: this.#mark }),
          clock,
          tellWatchdog: (command) => this.#watchdog.tell(command),
          inTurn: (restart) => {
            this.#turn = this.#turn.then(restart);
          },
        }),
    );
    this.#sampler = new ServiceSampler(this.#running, clock);
  }

  /** By name of the instance; known once it runs. */
  get ports(): Ports {
    return this.#ports;
  }

  /** The one that is being started; undefined when all are ready. */
  get starting(): string | undefined {
    return this.#starting;
  }

  get readyCount(): number {
    return this.#ready;
  }

  get count(): number {
    return this.#running.length;
  }

  /** None is away that is to come back. */
  get areBack(): boolean {
    return this.#running.every(({ isComing }) => !isComing);
  }

  /**
   * Starts one after the other.
   *
   * @returns false when the signal came first
   * @throws {ServiceStartError}
   */
  async start(signal: AbortSignal): Promise<boolean> {
    for (const service of this.#running) {
      this.#starting = service.instance.name;
      if (!(await this.#startOne(service, signal))) return false;
      this.#ready += 1;
    }
    this.#starting = undefined;
    const gone = this.#running.find(({ crash }) => crash !== undefined);
    if (gone?.crash !== undefined) throw failureOf(gone, { kind: 'exited', exit: gone.crash });
    this.#sampler.start();
    return true;
  }

  /** @param planned - all faults of the run, of which those of services are played */
  startLoad(loadFromUs: number, planned: readonly PlannedFault[]): void {
    this.#sampler.startLoad();
    this.#faults = new ServiceFaults(planned, this.#running, this.#clock);
    this.#faults.start(loadFromUs);
  }

  /** Ends every fault that lasts; what is down comes back as planned. */
  endLoad(): void {
    this.#sampler.endLoad();
    this.#faults?.stop();
  }

  findings(): ServiceFindings {
    return {
      services: this.#running.map((service) => service.record()),
      faults: this.#faults?.records ?? [],
      series: (originUs) => this.#sampler.summarise(originUs),
    };
  }

  /** Ends everything: the last one started first, since it may need those before it. */
  async stop(): Promise<void> {
    this.#faults?.stop();
    this.#sampler.stop();
    for (const service of this.#running.toReversed()) await service.stop();
    await this.#turn;
    killMarked(this.#mark);
    await this.#watchdog.end();
  }

  async #startOne(service: RunningService, signal: AbortSignal): Promise<boolean> {
    for (let left = PORT_TRIES; ; left -= 1) {
      service.port = await freePort(new Set(this.#ports.values()));
      this.#ports.set(service.name, service.port);
      const start = await service.start(() => signal.aborted);
      if (start.kind === 'ready') return true;
      if (start.kind === 'given-up') return false;
      const isTaken = start.kind === 'exited' && start.exit.code !== 0 && !(await isFree(service.port));
      if (!isTaken || left === 1) throw failureOf(service, start);
      await service.abandon();
    }
  }
}

function failureOf({ instance, output }: RunningService, what: StartFailure['what']): ServiceStartError {
  return new ServiceStartError({ service: instance.name, what, output: [...output] });
}
