import type { BroadcasterPorts } from '../broadcaster/observer.ts';
import type { FaultRecord, PlannedFault } from '../faults/fault.ts';
import type { Scenario } from '../scenario/schema.ts';
import { broadcasterSettings } from './broadcaster-settings.ts';
import { type NewBroadcaster, ReferenceServer } from './reference-server.ts';
import { type SampledProcess, Sampler } from './sampler.ts';
import { ServerFaults } from './server-faults.ts';
import type { ServerFindings } from './server-findings.ts';
import { UpstreamHandler } from './upstream-handler.ts';

export interface ServerOptions {
  readonly scenario: Scenario;
  readonly planned: readonly PlannedFault[];
  /** Identity of the run. */
  readonly run: string;
  readonly ports: BroadcasterPorts;
  /** Absent: it has no process of its own to look at. */
  readonly process?: SampledProcess;
  readonly newBroadcaster?: NewBroadcaster;
  /** A fault kept the whole process of the server from working until then; its publishers live in the same. */
  readonly onHeldUp: (untilUs: number) => void;
}

/** The server under test, put together out of a scenario and the ports of a world: broadcaster, faults and samples. */
export class ServerUnderTest {
  readonly reference: ReferenceServer;
  readonly sampler: Sampler;
  readonly #faults: ServerFaults;

  constructor(options: ServerOptions) {
    const { scenario, planned, run, ports, newBroadcaster, onHeldUp } = options;
    const { clock, timers, randomFor } = ports;
    const failing = planned.some(({ name }) => name === 'send-errors');
    const reference = new ReferenceServer({
      settings: broadcasterSettings(scenario.server),
      ports,
      upstreamHandler: new UpstreamHandler({ scenario, run, clock }),
      ...(failing ? { sendFailures: randomFor('send-errors') } : {}),
      ...(newBroadcaster === undefined ? {} : { newBroadcaster }),
    });
    this.reference = reference;
    const onInjected = (): void => onHeldUp(Math.max(clock.nowUs(), reference.blockedUntilUs));
    this.#faults = new ServerFaults({ planned, server: reference, clock, timers, onInjected });
    this.sampler = new Sampler({
      server: reference,
      ...(options.process === undefined ? {} : { process: options.process }),
      clock,
      timers,
      settings: scenario.server,
    });
  }

  /** Measures and faults count from here. */
  startLoad(fromUs: number): void {
    this.reference.record.startLoad(fromUs);
    this.sampler.startLoad();
    this.#faults.start(fromUs);
  }

  /** No fault is injected any more. */
  endLoad(): void {
    this.sampler.endLoad();
    this.#faults.stop();
  }

  /** What it knows at the end, before it is stopped. */
  findings(): ServerFindings {
    this.sampler.finish();
    return this.reference.findings();
  }

  faultRecords(): readonly FaultRecord[] {
    return this.#faults.toRecords();
  }

  stop(): void {
    this.sampler.stop();
    this.reference.stop();
  }
}
