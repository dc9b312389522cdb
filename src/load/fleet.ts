import type { Arrival } from '../delivery/arrival.ts';
import type { DrainGoal, DrainTarget } from '../delivery/drain-target.ts';
import { LedgerContext } from '../delivery/ledger-context.ts';
import { SeqSet } from '../delivery/seq-set.ts';
import type { Driver } from '../drivers/driver.ts';
import type { PlannedFault } from '../faults/fault.ts';
import { findFault } from '../faults/registry.ts';
import { Histogram } from '../measure/histogram.ts';
import { Timer } from '../protocol/ports.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf, isThroughout, presenceOf } from '../scenario/timeline.ts';
import { ClientFactory, type ClientPorts } from './client-factory.ts';
import { ClientFaults } from './client-faults.ts';
import { failureIn } from './driver-failure.ts';
import type { FleetCounts, FleetRecord, FleetStatus } from './fleet-record.ts';
import type { LoadClient, LoadClientOwner } from './load-client.ts';
import { Measures } from './measures.ts';
import type { PublishRequest, SettlePublish } from './publishing/way.ts';
import { UnmatchedFrames } from './unmatched-frames.ts';
import { UpstreamLoad } from './upstream-load.ts';

/**
 * The simulated clients of one process: makes them, connects them, plays the faults on them, and measures.
 *
 * Client `i` behaves the same in whichever process it lives: all its randomness comes from streams of its own.
 */
export class Fleet implements LoadClientOwner {
  readonly measures: Measures;
  readonly #clients = new Map<number, LoadClient>();
  readonly #scenario: Scenario;
  readonly #ports: ClientPorts;
  readonly #context: LedgerContext;
  readonly #faults: ClientFaults;
  #loadFromUs = Number.POSITIVE_INFINITY;
  #loadToUs = Number.POSITIVE_INFINITY;
  #handled = 0;
  #handledInLoad = 0;
  #failedConnects = 0;
  #lastFailure = '';
  #ready = new Set<LoadClient>();
  #targets: readonly (DrainTarget | undefined)[] | undefined;
  #progress = 0;
  #deduplicated = 0;
  readonly #unmatched = new UnmatchedFrames();
  readonly #broken = new Map<LoadClient, string>();
  readonly #upstream: UpstreamLoad | undefined;
  /** Without the server's own record, what clients see is the only evidence of what it took in. */
  readonly #hasTarget: boolean;

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    /** Numbers of the clients that live here. */
    readonly clients: readonly number[];
    readonly planned: readonly PlannedFault[];
    readonly ports: ClientPorts;
    readonly driver: Driver;
  }) {
    const { scenario, ports } = options;
    this.#scenario = scenario;
    this.#ports = ports;
    const { lateAfter } = scenario.expect;
    this.#context = new LedgerContext({
      run: options.run,
      ...(lateAfter === undefined ? {} : { lateAfterUs: lateAfter * 1000 }),
    });
    this.measures = new Measures(scenario.clients.length);
    this.#hasTarget = scenario.target !== undefined;
    const sends = scenario.clients.some(({ upstream }) => upstream !== undefined);
    this.#upstream = sends ? new UpstreamLoad({ scenario, run: options.run, ...ports }) : undefined;
    refuseUnplayable(options.planned, options.driver);
    const { connections } = this.measures;
    const factory = new ClientFactory({ ...options, context: this.#context, connections });
    for (const client of options.clients) this.#clients.set(client, factory.create(client, this));
    this.#faults = new ClientFaults({ planned: options.planned, clients: this.#clients, ...ports });
  }

  /** Opens the connections, spread evenly over the ramp-up by client number. */
  connect(startUs: number): void {
    const total = clientsOf(this.#scenario).count;
    const rampUpMs = this.#scenario.duration.rampUp;
    for (const [number, client] of this.#clients) {
      if (this.#isLate(client)) continue;
      const atMs = (startUs - this.#ports.clock.nowUs()) / 1000 + (rampUpMs * number) / total;
      const timer = new Timer(() => client.driven.connector.connect());
      this.#ports.timers.arm(timer, Math.max(0, atMs));
    }
  }

  /** Latencies count for messages intended within these instants; faults count from the first. */
  startLoad(fromUs: number, toUs: number): void {
    this.#loadFromUs = fromUs;
    this.#loadToUs = toUs;
    this.measures.connections.startLoad(fromUs, toUs);
    this.#faults.start(fromUs);
    for (const client of this.#clients.values()) {
      this.#comeAndGo(client, fromUs);
      const entry = this.#scenario.clients[client.profileIndex]?.upstream;
      if (entry !== undefined) this.#upstream?.start(client, entry, { fromUs, toUs });
    }
  }

  #isLate({ profileIndex }: LoadClient): boolean {
    return this.#scenario.clients[profileIndex]?.join !== undefined;
  }

  #comeAndGo(client: LoadClient, loadFromUs: number): void {
    const entry = this.#scenario.clients[client.profileIndex];
    if (entry === undefined || isThroughout(entry)) return;
    const { joinMs, leaveMs } = presenceOf(this.#scenario, client.client);
    const untilLoadMs = (loadFromUs - this.#ports.clock.nowUs()) / 1000;
    const after = (ms: number | undefined, act: () => void): void => {
      if (ms !== undefined) this.#ports.timers.arm(new Timer(act), Math.max(0, untilLoadMs + ms));
    };
    after(joinMs, () => client.driven.connector.connect());
    after(leaveMs, () => {
      this.#ready.delete(client);
      client.leave();
    });
  }

  /** Lets a client publish; `settle` is told the number of its connection. */
  publishAs(number: number, request: PublishRequest, settle: SettlePublish): void {
    const client = this.#clients.get(number);
    if (client === undefined) throw new Error(`Cannot publish as client ${number}: it lives elsewhere`);
    client.driven.publish({
      ...request,
      settle: ({ kind }) => settle(kind, client.ledger.connection),
    });
  }

  /** Whether a client's `connection`-th connection, from 1, is open now. */
  isConnectionOpen(number: number, connection: number): boolean {
    const ledger = this.#clients.get(number)?.ledger;
    return ledger?.connected === true && ledger.connection === connection;
  }

  /** Ends every fault. Clients kept away come back, but for those that never return. */
  heal(): void {
    this.#upstream?.stop();
    this.#faults.heal();
  }

  /** Publishing has stopped: from now on `status` tells how many clients still wait for something. */
  startDrain(goals: readonly DrainGoal[]): void {
    this.#targets = goals.map(({ seq, beginUs, excluded }) =>
      seq === 0 ? undefined : { seq, beginUs, excluded: SeqSet.of(excluded) },
    );
  }

  /** Every client says goodbye. */
  stop(): void {
    for (const client of this.#clients.values()) client.driven.stop();
  }

  counts(): FleetCounts {
    let [probed, gone, unfinished] = [0, 0, 0];
    for (const client of this.#clients.values()) {
      if (client.probed || (client.ledger.isOwedNothing && !this.#isLate(client))) probed += 1;
      if (client.gone) gone += 1;
      if (this.#targets !== undefined && !this.#isFinished(client, this.#targets)) unfinished += 1;
    }
    return {
      ready: this.#ready.size,
      probed,
      gone,
      unfinished,
      progress: this.#progress + (this.#upstream?.settled ?? 0),
    };
  }

  /** Why a connection attempt failed last; empty when none did. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  status(): FleetStatus {
    const push = new Histogram();
    for (const { firstAttempt } of this.measures.profiles) push.merge(firstAttempt);
    return {
      ...this.counts(),
      clients: this.#clients.size,
      handled: this.#handled,
      failedConnects: this.#failedConnects,
      lastFailure: this.#lastFailure,
      faults: this.#faults.active(),
      pushP99Us: push.quantile(0.99),
      deduplicated: this.#deduplicated,
    };
  }

  toRecord(): FleetRecord {
    // What a client missed because of its driver is no fault of the server.
    const clients = [...this.#clients.values()].filter((client) => !this.#broken.has(client));
    const nowUs = this.#ports.clock.nowUs();
    for (const { connections } of this.#clients.values()) connections.settle(nowUs);
    return {
      broken: [...this.#broken].map(([{ client }, why]) => ({ client, why })),
      clients: clients.map((client) => client.ledger.toRecord()),
      examples: this.#context.examples.list(),
      unverified: this.#context.unverified,
      foreign: this.#context.foreign,
      unmatched: this.#unmatched.toRecord(),
      faults: this.#faults.toRecords(),
      handledInLoad: this.#handledInLoad,
      gone: clients.filter(({ gone }) => gone).map(({ client }) => client),
      twoOwners: clients.filter(({ olderOpen }) => olderOpen > 0).map(({ client }) => client),
      takenOver: clients.flatMap(({ client, takenOverUs }) =>
        takenOverUs < 0 ? [] : [[client, takenOverUs]],
      ),
      missingBackoffs: clients.flatMap(({ client, pace }) =>
        pace.missingBackoff === undefined ? [] : { client, ...pace.missingBackoff },
      ),
      paused: clients.flatMap(({ client, driven: { askedToPause, unanswered } }) =>
        askedToPause && unanswered > 0 ? [[client, unanswered]] : [],
      ),
      acks: this.#scenario.clients.map((_, profile) => {
        const own = clients.filter(({ profileIndex }) => profileIndex === profile);
        return {
          frames: own.reduce((sum, { ackFrames }) => sum + ackFrames, 0),
          messages: own.reduce((sum, { ackable }) => sum + ackable, 0),
        };
      }),
      ...(this.#upstream === undefined ? {} : { upstream: this.#upstream.toRecord() }),
    };
  }

  handled(client: LoadClient, arrival: Arrival, nowUs: number): void {
    this.#handled += 1;
    this.#progress += 1;
    if (this.#hasTarget) this.measures.seen.record(arrival.stream, arrival.seq, nowUs);
    if (nowUs >= this.#loadFromUs && nowUs < this.#loadToUs) this.#handledInLoad += 1;
    const inLoad = arrival.intendedUs >= this.#loadFromUs && arrival.intendedUs < this.#loadToUs;
    if (!client.touched) this.#besideFaults(inLoad, arrival.intendedUs, nowUs);
    if (!inLoad) return;
    const measures = this.measures.profiles[client.profileIndex];
    (arrival.redelivered ? measures?.redelivered : measures?.firstAttempt)?.record(
      nowUs - arrival.intendedUs,
    );
    this.measures.spread.record(arrival.stream, arrival.seq, nowUs);
  }

  /** Clients without a fault of their own show what the faults of others cost them. */
  #besideFaults(inLoad: boolean, intendedUs: number, nowUs: number): void {
    const { calm, beside } = this.measures.untouched;
    if (inLoad) beside.record(nowUs - intendedUs);
    else if (intendedUs < this.#loadFromUs) calm.record(nowUs - intendedUs);
  }

  recovered(client: LoadClient, tookUs: number): void {
    this.measures.profiles[client.profileIndex]?.recovery.record(tookUs);
  }

  deduplicated(): void {
    this.#deduplicated += 1;
  }

  ready(client: LoadClient): void {
    this.#ready.add(client);
    this.#progress += 1;
    this.#faults.onReady(client);
  }

  closed(client: LoadClient, code: number, reason: string): void {
    if (!this.#ready.delete(client)) {
      this.#failedConnects += 1;
      this.#failed(client, reason === '' ? `closed with ${code}` : reason);
    }
    this.#faults.onLost(client);
  }

  refused(client: LoadClient, reason: string): void {
    this.measures.connections.denied += 1;
    this.#failed(client, reason);
  }

  crashed(client: LoadClient): void {
    this.#faults.onLost(client);
  }

  unmatched(client: LoadClient, text: string): void {
    this.#unmatched.add(text, (shown) => this.#hide(client, shown));
  }

  broken(client: LoadClient, error: unknown): void {
    const file = this.#scenario.target?.driver ?? '';
    this.#failed(client, failureIn(file, error));
    this.#broken.set(client, this.#lastFailure);
    this.#ready.delete(client);
    this.#faults.onLost(client);
  }

  #failed(client: LoadClient, reason: string): void {
    this.#lastFailure = this.#hide(client, reason);
  }

  /** A server may repeat what the client has said. */
  #hide({ client }: LoadClient, text: string): string {
    const { withoutSecrets, valuesFor } = this.#ports;
    return withoutSecrets?.(text, valuesFor(client)) ?? text;
  }

  /** Has handled, or been told about, everything up to the last message of each stream it is owed. */
  #isFinished(client: LoadClient, targets: readonly (DrainTarget | undefined)[]): boolean {
    if (client.gone) return true;
    if (!client.ready || client.driven.inbox.size > 0 || client.driven.unanswered > 0) return false;
    return client.ledger.outstanding(targets) === 0;
  }
}

/** A fault that does nothing would leave a run that claims to have had it. */
function refuseUnplayable(planned: readonly PlannedFault[], { name, traits }: Driver): void {
  for (const fault of planned) {
    const needs = findFault(fault.name)?.needs;
    if (needs !== undefined && !traits.handles.includes(needs))
      throw new Error(
        `Cannot play "${fault.name}": clients of the driver ${name} have no handle for it, a driver with "${needs}" is wanted`,
      );
  }
}
