import { Arrival } from '../delivery/arrival.ts';
import { ClientLedger } from '../delivery/ledger.ts';
import type { LedgerContext } from '../delivery/ledger-context.ts';
import { PayloadReader } from '../delivery/payload-reader.ts';
import type { ConnectPace } from '../drivers/connect-pace.ts';
import type {
  AckDirection,
  AckFate,
  AckFilter,
  ClientBehaviour,
  ClientValues,
  Driver,
  NewClient,
} from '../drivers/driver.ts';
import type { Clock, Dial, Http, Random, Timers } from '../protocol/ports.ts';
import { clientId } from '../scenario/client-id.ts';
import type { ClientProfile, Scenario } from '../scenario/schema.ts';
import { type ClientRoster, clientsOf, subscribedStreams } from '../scenario/timeline.ts';
import { upstreamRun } from '../scenario/upstream-streams.ts';
import { ConnectionLife, type ConnectionMeasures } from './connection-measures.ts';
import { type Delivery, LoadClient, type LoadClientOwner } from './load-client.ts';

export interface ClientPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Each client has a network of its own, where the world has one. */
  readonly dialFor: (values: ClientValues) => Dial;
  readonly valuesFor: (client: number) => ClientValues;
  /** Absent: clients connect when they want to. */
  readonly pace?: ConnectPace;
  /** Takes out of a text what this client must not give away; absent: it knows no secrets. */
  readonly withoutSecrets?: (text: string, values: ClientValues) => string;
  readonly http: Http;
  /** Time of day, ms since 1970. */
  readonly epochMs: () => number;
  /** Named random streams of the run's seed. */
  readonly streams: (name: string) => Random;
}

/** Makes the clients of a scenario, each from its profile, with a ledger, a driven client and random streams of its own. */
export class ClientFactory {
  readonly #scenario: Scenario;
  readonly #ports: ClientPorts;
  readonly #driver: Driver;
  readonly #newClient: NewClient;
  readonly #context: LedgerContext;
  readonly #roster: ClientRoster;
  readonly #upstreamRun: string;
  readonly #payloads: PayloadReader;
  readonly #connections: ConnectionMeasures;

  /** @param options - `context`, `connections`: of all clients of the process */
  constructor(options: {
    readonly scenario: Scenario;
    readonly run: string;
    readonly ports: ClientPorts;
    readonly driver: Driver;
    readonly context: LedgerContext;
    readonly connections: ConnectionMeasures;
  }) {
    const { scenario, run, ports, driver, context } = options;
    this.#connections = options.connections;
    this.#scenario = scenario;
    this.#ports = ports;
    this.#driver = driver;
    this.#newClient = driver.newClients();
    this.#context = context;
    this.#roster = clientsOf(scenario);
    this.#upstreamRun = upstreamRun(run);
    this.#payloads = new PayloadReader(run);
  }

  create(number: number, owner: LoadClientOwner): LoadClient {
    const { clock, timers, dialFor, valuesFor, http, epochMs, streams, pace } = this.#ports;
    const values = valuesFor(number);
    const profileIndex = this.#roster.profileOf(number);
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
      connections: new ConnectionLife(this.#connections),
      traits: this.#driver.traits,
      payloads: this.#payloads,
      upstreamRun: this.#upstreamRun,
      clock,
      owner,
      helloTimeoutMs: this.#scenario.server.helloTimeout,
    });
    client.driven = this.#newClient({
      clientId: clientId(number),
      values,
      behaviour,
      observer: client,
      ports: {
        clock,
        timers,
        dial: dialFor(values),
        ...(pace === undefined ? {} : { pace }),
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
    return client;
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
