import { Arrival } from '../delivery/arrival.ts';
import type { DrainGoal, DrainTarget } from '../delivery/drain-target.ts';
import { ClientLedger } from '../delivery/ledger.ts';
import { LedgerContext } from '../delivery/ledger-context.ts';
import { PayloadReader } from '../delivery/payload-reader.ts';
import type { PublishLogRecord } from '../delivery/publish-log.ts';
import type { MissingBackoff } from '../delivery/reconnect-pace.ts';
import type { ClientRecord, LedgerExample } from '../delivery/record.ts';
import { SeqSet } from '../delivery/seq-set.ts';
import type {
  AckDirection,
  AckFate,
  AckFilter,
  ClientBehaviour,
  ClientValues,
  Driver,
  NewClient,
} from '../drivers/driver.ts';
import type { FaultRecord, PlannedFault } from '../faults/fault.ts';
import { findFault } from '../faults/registry.ts';
import { Histogram } from '../measure/histogram.ts';
import { type Clock, type Dial, type Http, type Random, Timer, type Timers } from '../protocol/ports.ts';
import { clientId } from '../scenario/client-id.ts';
import type { ClientProfile, Scenario } from '../scenario/schema.ts';
import { clientsOf, subscribedStreams } from '../scenario/timeline.ts';
import { upstreamRun } from '../scenario/upstream-streams.ts';
import { ClientFaults } from './client-faults.ts';
import { type Delivery, LoadClient, type LoadClientOwner } from './load-client.ts';
import { Measures } from './measures.ts';
import { UpstreamLoad } from './upstream-load.ts';

export interface FleetPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Each client has a network of its own, where the world has one. */
  readonly dialFor: (client: number) => Dial;
  readonly valuesFor: (client: number) => ClientValues;
  readonly http: Http;
  /** Time of day, ms since 1970. */
  readonly epochMs: () => number;
  /** Named random streams of the run's seed. */
  readonly streams: (name: string) => Random;
}

/** How far the clients of a fleet are. */
export interface FleetCounts {
  readonly ready: number;
  /** Clients that have handled a probe message. */
  readonly probed: number;
  /** Clients that stay away for good. */
  readonly gone: number;
  /** Clients that the drain still waits for; 0 before the drain. */
  readonly unfinished: number;
  /** Grows whenever a message is handled or accounted for: a drain that moves is not stuck. */
  readonly progress: number;
}

/** What a fleet has to say while it runs. */
export interface FleetStatus extends FleetCounts {
  readonly clients: number;
  readonly handled: number;
  readonly failedConnects: number;
  /** Why a connection attempt failed last; empty when none did. */
  readonly lastFailure: string;
  readonly faults: readonly string[];
  readonly pushP99Us: number;
  /** Duplicates that clients did not handle again. */
  readonly deduplicated: number;
}

/** Everything a fleet knows at the end, but for what it measured of time. */
export interface FleetRecord {
  readonly clients: readonly ClientRecord[];
  readonly examples: readonly LedgerExample[];
  /** Messages whose body the server did not send as a whole, and messages that were none of the run's. */
  readonly unverified: number;
  readonly foreign: number;
  readonly faults: readonly FaultRecord[];
  /** Handled during load. */
  readonly handledInLoad: number;
  /** Clients away for good, on purpose. */
  readonly gone: readonly number[];
  /** Clients with a socket that a newer one took over from and that the server never closed. */
  readonly twoOwners: readonly number[];
  /** Clients whose only connection the server closed for another owner of their session, and when last. */
  readonly takenOver: readonly (readonly [client: number, atUs: number])[];
  /** Clients that did not back off. */
  readonly missingBackoffs: readonly (MissingBackoff & { readonly client: number })[];
  /** Clients that the server asked to pause and did not ask to go on, and how many messages of theirs wait. */
  readonly paused: readonly (readonly [client: number, waiting: number])[];
  /** By profile, in the order of the scenario: acks that left, and messages handled that had to be acked. */
  readonly acks: readonly { readonly frames: number; readonly messages: number }[];
  /** What clients sent; absent when none was to send anything. */
  readonly upstream?: PublishLogRecord;
}

/**
 * The simulated clients of one process: makes them, connects them, plays the faults on them, and measures.
 *
 * Client `i` behaves the same in whichever process it lives: all its randomness comes from streams of its own.
 */
export class Fleet implements LoadClientOwner {
  readonly measures: Measures;
  readonly #clients = new Map<number, LoadClient>();
  readonly #scenario: Scenario;
  readonly #ports: FleetPorts;
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
  readonly #upstream: UpstreamLoad | undefined;
  readonly #upstreamRun: string;
  readonly #payloads: PayloadReader;
  /** Without the server's own record, what clients see is the only evidence of what it took in. */
  readonly #hasTarget: boolean;

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    /** Numbers of the clients that live here. */
    readonly clients: readonly number[];
    readonly planned: readonly PlannedFault[];
    readonly ports: FleetPorts;
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
    this.#upstreamRun = upstreamRun(options.run);
    this.#payloads = new PayloadReader(options.run);
    this.#hasTarget = scenario.target !== undefined;
    const sends = scenario.clients.some(({ upstream }) => upstream !== undefined);
    this.#upstream = sends ? new UpstreamLoad({ scenario, run: options.run, ...ports }) : undefined;
    const roster = clientsOf(scenario);
    refuseUnplayable(options.planned, options.driver);
    const newClient = options.driver.newClients();
    for (const client of options.clients)
      this.#add({
        number: client,
        profileIndex: roster.profileOf(client),
        driver: options.driver,
        newClient,
      });
    this.#faults = new ClientFaults({ planned: options.planned, clients: this.#clients, ...ports });
  }

  /** Opens the connections, spread evenly over the ramp-up by client number. */
  connect(startUs: number): void {
    const total = clientsOf(this.#scenario).count;
    const rampUpMs = this.#scenario.duration.rampUp;
    for (const [number, client] of this.#clients) {
      const atMs = (startUs - this.#ports.clock.nowUs()) / 1000 + (rampUpMs * number) / total;
      const timer = new Timer(() => client.driven.connector.connect());
      this.#ports.timers.arm(timer, Math.max(0, atMs));
    }
  }

  /** Latencies count for messages intended within these instants; faults count from the first. */
  startLoad(fromUs: number, toUs: number): void {
    this.#loadFromUs = fromUs;
    this.#loadToUs = toUs;
    this.#faults.start(fromUs);
    for (const client of this.#clients.values()) {
      const entry = this.#scenario.clients[client.profileIndex]?.upstream;
      if (entry !== undefined) this.#upstream?.start(client, entry, { fromUs, toUs });
    }
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
      if (client.probed || client.ledger.isOwedNothing) probed += 1;
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
    const clients = [...this.#clients.values()];
    return {
      clients: clients.map((client) => client.ledger.toRecord()),
      examples: this.#context.examples.list(),
      unverified: this.#context.unverified,
      foreign: this.#context.foreign,
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
      this.#lastFailure = reason === '' ? `closed with ${code}` : reason;
    }
    this.#faults.onLost(client);
  }

  refused(reason: string): void {
    this.#lastFailure = reason;
  }

  crashed(client: LoadClient): void {
    this.#faults.onLost(client);
  }

  /** Has handled, or been told about, everything up to the last message of each stream it is owed. */
  #isFinished(client: LoadClient, targets: readonly (DrainTarget | undefined)[]): boolean {
    if (client.gone) return true;
    if (!client.ready || client.driven.inbox.size > 0 || client.driven.unanswered > 0) return false;
    return client.ledger.outstanding(targets) === 0;
  }

  #add(options: {
    readonly number: number;
    readonly profileIndex: number;
    readonly driver: Driver;
    readonly newClient: NewClient;
  }): void {
    const { number, profileIndex, driver, newClient } = options;
    const { clock, timers, dialFor, valuesFor, http, epochMs, streams } = this.#ports;
    const profile = this.#scenario.clients[profileIndex];
    if (profile === undefined)
      throw new Error(`Cannot make client ${number}: there is no profile ${profileIndex}`);
    const ledger = new ClientLedger({
      client: number,
      profile: profile.profile,
      subscribed: subscribedStreams(this.#scenario, profileIndex),
      context: this.#context,
    });
    const behaviour = behaviourOf(profile, this.#scenario);
    const client = new LoadClient({
      client: number,
      profileIndex,
      ledger,
      reconnect: behaviour.reconnect,
      traits: driver.traits,
      payloads: this.#payloads,
      upstreamRun: this.#upstreamRun,
      clock,
      owner: this,
      helloTimeoutMs: this.#scenario.server.helloTimeout,
    });
    client.driven = newClient({
      clientId: clientId(number),
      values: valuesFor(number),
      behaviour,
      observer: client,
      ports: {
        clock,
        timers,
        dial: dialFor(number),
        reconnectRandom: streams(`client/${number}/reconnect`),
        handlerRandom: streams(`client/${number}/handler`),
        contentRandom: streams(`client/${number}/content`),
        http,
        epochMs,
      },
    });
    client.driven.ackFilter = (direction) => firstFate(client.ackFilters, direction);
    const { poison } = profile.handler;
    if (poison !== undefined) client.driven.inbox.isPoison = (delivery) => isNth(delivery, poison);
    this.#clients.set(number, client);
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

function firstFate(filters: readonly AckFilter[], direction: AckDirection): AckFate | undefined {
  for (const filter of filters) {
    const fate = filter(direction);
    if (fate !== undefined) return fate;
  }
  return undefined;
}

/** The probe is none of the messages that a scenario speaks of. */
function isNth(delivery: Delivery, nth: number): boolean {
  return delivery instanceof Arrival && delivery.stream > 0 && delivery.seq % nth === 0;
}

function behaviourOf(profile: ClientProfile, { server }: Scenario): ClientBehaviour {
  const { mode, every, delay } = profile.ack;
  return {
    rooms: profile.rooms,
    ack: mode === 'each' ? { mode } : { mode, every, delayMs: delay },
    dedupWindow: profile.dedupWindow,
    reconnect: {
      minMs: profile.reconnect.min,
      maxMs: profile.reconnect.max,
      jitter: profile.reconnect.jitter,
    },
    handlerMs: profile.handler.time,
    handlerFailureRatio: profile.handler.failure,
    nack: profile.handler.nack,
    nackRetry: profile.handler.nackRetry,
    publishTimeoutMs: server.outbox.ackTimeout,
    batch: profile.batch,
    ...(profile.read === undefined ? {} : { readBytesPerSec: profile.read }),
  };
}
