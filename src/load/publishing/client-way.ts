import type {
  ClientObserver,
  ClientValues,
  Driver,
  DriverClient,
  DriverPorts,
  NewClient,
} from '../../drivers/driver.ts';
import type { Dial } from '../../protocol/ports.ts';
import type { PublishRequest, SettlePublish, TargetWay } from './way.ts';

const BEHAVIOUR = {
  rooms: [],
  ack: { mode: 'cumulative', every: 64, delayMs: 50 },
  dedupWindow: 4096,
  reconnect: { minMs: 50, maxMs: 2000, jitter: 'full' },
  handlerMs: 0,
  handlerFailureRatio: 0,
  nack: true,
  batch: false,
} as const;
const NO_DELIVERY = {};

export interface ClientWayOptions {
  /** Keeps the publishers of one run apart from those of others on the same server. */
  readonly run: string;
  /** The streams that are published on this way. */
  readonly streams: readonly number[];
  readonly driver: Driver;
  readonly ports: Omit<DriverPorts, 'dial'>;
  readonly towards: PublishersTowards;
}

/** How publishers connect: what is known of each, and what it must not give away. */
export interface PublishersTowards {
  readonly valuesFor: (stream: number, id: string) => ClientValues;
  readonly dialFor: (values: ClientValues) => Dial;
  readonly withoutSecrets: (text: string, values: ClientValues) => string;
}

/** Publishes to a target through clients of its driver, one for each stream. */
export class ClientWay implements TargetWay {
  readonly #publishers: ReadonlyMap<number, Publisher>;

  constructor({ run, streams, driver, ports, towards }: ClientWayOptions) {
    const newClient = driver.newClients();
    this.#publishers = new Map(
      streams.map((stream) => {
        const id = `${run}-publisher-${stream}`;
        return [
          stream,
          new Publisher({ id, values: towards.valuesFor(stream, id), ports, towards, newClient }),
        ];
      }),
    );
  }

  connect(): void {
    for (const { client } of this.#publishers.values()) client.connector.connect();
  }

  get ready(): boolean {
    return [...this.#publishers.values()].every(({ client }) => client.connector.ready);
  }

  get lastFailure(): string {
    for (const { lastFailure } of this.#publishers.values()) if (lastFailure !== '') return lastFailure;
    return '';
  }

  publish(request: PublishRequest, settle: SettlePublish): void {
    const publisher = this.#publishers.get(request.stream);
    if (publisher === undefined)
      throw new Error(`Cannot publish to stream ${request.stream}: there is no publisher`);
    publisher.client.publish({ ...request, settle: ({ kind }) => settle(kind, publisher.connection) });
  }

  /** A client can't know how many deliveries the server still waits for. */
  inFlight(): undefined {
    return undefined;
  }

  isOpen(stream: number, connection: number): boolean {
    const publisher = this.#publishers.get(stream);
    return publisher !== undefined && publisher.connection === connection && publisher.client.connector.ready;
  }

  stop(): void {
    for (const { client } of this.#publishers.values()) client.stop();
  }
}

/** The client that publishes one stream. */
class Publisher implements ClientObserver<object> {
  readonly client: DriverClient<object>;
  /** Counts its connections. */
  connection = 0;
  lastFailure = '';
  /** Takes secrets out of a reason, in which a server may repeat what it was told. */
  readonly #hide: (reason: string) => string;

  constructor(options: {
    readonly id: string;
    readonly values: ClientValues;
    readonly ports: Omit<DriverPorts, 'dial'>;
    readonly towards: PublishersTowards;
    readonly newClient: NewClient;
  }) {
    const { id, values, towards, newClient } = options;
    const ports = { ...options.ports, dial: towards.dialFor(values) };
    this.#hide = (reason) => towards.withoutSecrets(reason, values);
    this.client = newClient<object>({ clientId: id, values, behaviour: BEHAVIOUR, ports, observer: this });
  }

  open(): void {
    this.connection += 1;
  }

  refused(reason: string): void {
    this.lastFailure = this.#hide(reason);
  }

  closed(code: number, reason: string): void {
    // A close without a reason says less than what came before it.
    if (reason !== '') this.lastFailure = this.#hide(reason);
    else if (this.lastFailure === '') this.lastFailure = `closed with ${code}`;
  }

  message(): object {
    return NO_DELIVERY;
  }

  connecting(): void {}
  subscribed(): void {}
  resumed(): void {}
  deduplicated(): void {}
  handled(): void {}
  failed(): void {}
  acked(): void {}
  gap(): void {}
  replayed(): void {}
  goodbye(): void {}
  olderClosed(): void {}
}
