import type { Arrival } from '../delivery/arrival.ts';
import type { DrainTarget } from '../delivery/drain-target.ts';
import type { Intervals } from '../delivery/intervals.ts';
import { ClientLedger } from '../delivery/ledger.ts';
import { LedgerContext } from '../delivery/ledger-context.ts';
import type { ClientRecord, LedgerExample } from '../delivery/record.ts';
import type { Checksum } from '../delivery/crc32.ts';
import { SeqSet } from '../delivery/seq-set.ts';
import type { PlannedFault } from '../faults/fault.ts';
import { Histogram, type LatencySummary } from '../measure/histogram.ts';
import { Spread, type SpreadRecord } from '../measure/spread.ts';
import { type Clock, type Dial, type Random, Timer, type Timers } from '../protocol/ports.ts';
import type { ClientProfile, Scenario } from '../scenario/schema.ts';
import { clientsOf, subscribedStreams } from '../scenario/timeline.ts';
import type { SubscriberProfile } from '../subscriber/profile.ts';
import { Subscriber, type SubscriberObserver, type SubscriberPorts } from '../subscriber/subscriber.ts';
import { ClientFaults, type FaultRecord } from './client-faults.ts';
import { type Delivery, LoadClient, type LoadClientOwner } from './load-client.ts';

export interface FleetPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly dial: Dial;
  /** Named random streams of the run's seed. */
  readonly streams: (name: string) => Random;
  readonly checksum: Checksum;
}

/** Makes the client of the protocol; a broken one in the bug zoo. */
export type NewSubscriber = (options: {
  readonly clientId: string;
  readonly profile: SubscriberProfile;
  readonly ports: SubscriberPorts;
  readonly observer: SubscriberObserver<Delivery>;
}) => Subscriber<Delivery>;

/** What a fleet has to say while it runs. */
export interface FleetStatus {
  readonly clients: number;
  readonly ready: number;
  /** Clients that have handled a probe message. */
  readonly probed: number;
  readonly handled: number;
  readonly failedConnects: number;
  /** Why a connection attempt failed last; empty when none did. */
  readonly lastFailure: string;
  /** Clients that the drain still waits for; 0 before the drain. */
  readonly unfinished: number;
  /** Grows whenever a message is handled or accounted for: a drain that moves is not stuck. */
  readonly progress: number;
  readonly faults: readonly string[];
  readonly pushP99Us: number;
}

/** Everything a fleet knows at the end. */
export interface FleetRecord {
  readonly clients: readonly ClientRecord[];
  readonly examples: readonly LedgerExample[];
  /** By profile, in the order of the scenario. */
  readonly latency: readonly { readonly firstAttempt: LatencySummary; readonly redelivered: LatencySummary; readonly recovery: LatencySummary }[];
  readonly spread: SpreadRecord;
  readonly faults: readonly FaultRecord[];
  /** Handled during load. */
  readonly handledInLoad: number;
  /** Clients away for good, on purpose. */
  readonly gone: readonly number[];
  /** Clients with a socket that a newer one took over from and that the server never closed. */
  readonly twoOwners: readonly number[];
}

/** How far a stream was published; seq 0: nothing was accepted. */
export interface DrainGoal {
  readonly seq: number;
  readonly beginUs: number;
  /** Seqs that nobody owes. */
  readonly excluded: Intervals;
}

class ProfileMeasures {
  readonly firstAttempt = new Histogram();
  readonly redelivered = new Histogram();
  readonly recovery = new Histogram();
}

/**
 * The simulated clients of one process: makes them, connects them, plays the faults on them, and measures.
 *
 * Client `i` behaves the same in whichever process it lives: all its randomness comes from streams of its own.
 */
export class Fleet implements LoadClientOwner {
  readonly #clients = new Map<number, LoadClient>();
  readonly #scenario: Scenario;
  readonly #ports: FleetPorts;
  readonly #context: LedgerContext;
  readonly #measures: readonly ProfileMeasures[];
  readonly #spread = new Spread();
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

  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    /** Numbers of the clients that live here. */
    readonly clients: readonly number[];
    readonly planned: readonly PlannedFault[];
    readonly ports: FleetPorts;
    readonly newSubscriber?: NewSubscriber;
  }) {
    const { scenario, ports } = options;
    this.#scenario = scenario;
    this.#ports = ports;
    const { lateAfter } = scenario.expect;
    this.#context = new LedgerContext({
      run: options.run,
      checksum: ports.checksum,
      ...(lateAfter === undefined ? {} : { lateAfterUs: lateAfter * 1000 }),
    });
    this.#measures = scenario.clients.map(() => new ProfileMeasures());
    const roster = clientsOf(scenario);
    const newSubscriber: NewSubscriber = options.newSubscriber ?? ((parts) => new Subscriber(parts));
    for (const client of options.clients) this.#add(client, roster.profileOf(client), newSubscriber);
    this.#faults = new ClientFaults({ planned: options.planned, clients: this.#clients, ...ports });
  }

  /** Opens the connections, spread evenly over the ramp-up by client number. */
  connect(startUs: number): void {
    const total = clientsOf(this.#scenario).count;
    const rampUpMs = this.#scenario.duration.rampUp;
    for (const [number, client] of this.#clients) {
      const atMs = (startUs - this.#ports.clock.nowUs()) / 1000 + (rampUpMs * number) / total;
      const timer = new Timer(() => client.subscriber.connect());
      this.#ports.timers.arm(timer, Math.max(0, atMs));
    }
  }

  /** Latencies count for messages intended within these instants; faults count from the first. */
  startLoad(fromUs: number, toUs: number): void {
    this.#loadFromUs = fromUs;
    this.#loadToUs = toUs;
    this.#faults.start(fromUs);
  }

  /** Ends every fault. Clients kept away come back, but for those that never return. */
  heal(): void {
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
    for (const client of this.#clients.values()) client.subscriber.stop();
  }

  status(): FleetStatus {
    let [probed, unfinished] = [0, 0];
    for (const client of this.#clients.values()) {
      if (client.probed) probed += 1;
      if (this.#targets !== undefined && !this.#isFinished(client, this.#targets)) unfinished += 1;
    }
    const push = new Histogram();
    for (const { firstAttempt } of this.#measures) push.merge(firstAttempt);
    return {
      clients: this.#clients.size,
      ready: this.#ready.size,
      probed,
      handled: this.#handled,
      failedConnects: this.#failedConnects,
      lastFailure: this.#lastFailure,
      unfinished,
      progress: this.#progress,
      faults: this.#faults.active(),
      pushP99Us: push.quantile(0.99),
    };
  }

  toRecord(): FleetRecord {
    const clients = [...this.#clients.values()];
    return {
      clients: clients.map((client) => client.ledger.toRecord()),
      examples: this.#context.examples.list(),
      latency: this.#measures.map(({ firstAttempt, redelivered, recovery }) => ({
        firstAttempt: firstAttempt.summarise(),
        redelivered: redelivered.summarise(),
        recovery: recovery.summarise(),
      })),
      spread: this.#spread.toRecord(),
      faults: this.#faults.toRecords(),
      handledInLoad: this.#handledInLoad,
      gone: clients.filter(({ gone }) => gone).map(({ client }) => client),
      twoOwners: clients.filter(({ olderOpen }) => olderOpen > 0).map(({ client }) => client),
    };
  }

  handled(client: LoadClient, arrival: Arrival, nowUs: number): void {
    this.#handled += 1;
    this.#progress += 1;
    if (nowUs >= this.#loadFromUs && nowUs < this.#loadToUs) this.#handledInLoad += 1;
    if (arrival.intendedUs < this.#loadFromUs || arrival.intendedUs >= this.#loadToUs) return;
    const measures = this.#measures[client.profileIndex];
    (arrival.redelivered ? measures?.redelivered : measures?.firstAttempt)?.record(nowUs - arrival.intendedUs);
    this.#spread.record(arrival.stream, arrival.seq, nowUs);
  }
  recovered(client: LoadClient, tookUs: number): void {
    this.#measures[client.profileIndex]?.recovery.record(tookUs);
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

  crashed(client: LoadClient): void {
    this.#faults.onLost(client);
  }

  /** Has handled, or been told about, everything up to the last message of each stream it is owed. */
  #isFinished(client: LoadClient, targets: readonly (DrainTarget | undefined)[]): boolean {
    if (client.gone) return true;
    if (!client.ready || client.subscriber.inbox.size > 0) return false;
    return client.ledger.outstanding(targets) === 0;
  }

  #add(number: number, profileIndex: number, newSubscriber: NewSubscriber): void {
    const { clock, timers, dial, streams } = this.#ports;
    const profile = this.#scenario.clients[profileIndex];
    if (profile === undefined) throw new Error(`Cannot make client ${number}: there is no profile ${profileIndex}`);
    const ledger = new ClientLedger({
      client: number,
      profile: profile.profile,
      subscribed: subscribedStreams(this.#scenario, profileIndex),
      context: this.#context,
    });
    const client = new LoadClient({ client: number, profileIndex, ledger, clock, owner: this });
    client.subscriber = newSubscriber({
      clientId: `c${number}`,
      profile: subscriberProfile(profile),
      observer: client,
      ports: {
        clock,
        timers,
        dial,
        reconnectRandom: streams(`client/${number}/reconnect`),
        handlerRandom: streams(`client/${number}/handler`),
      },
    });
    client.subscriber.ackFilter = () => firstFate(client.ackFilters);
    this.#clients.set(number, client);
  }
}

function firstFate(filters: LoadClient['ackFilters']): ReturnType<LoadClient['ackFilters'][number]> {
  for (const filter of filters) {
    const fate = filter();
    if (fate !== undefined) return fate;
  }
  return undefined;
}

function subscriberProfile(profile: ClientProfile): SubscriberProfile {
  const { mode, every, delay } = profile.ack;
  return {
    rooms: profile.rooms,
    ack: mode === 'each' ? { mode } : { mode, every, delayMs: delay },
    dedupWindow: profile.dedupWindow,
    reconnect: { minMs: profile.reconnect.min, maxMs: profile.reconnect.max, jitter: profile.reconnect.jitter },
    handlerMs: profile.handler.time,
    handlerFailureRatio: profile.handler.failure,
    nack: profile.handler.nack,
    batch: profile.batch,
    ...(profile.read === undefined ? {} : { readBytesPerSec: profile.read }),
  };
}
