import type { ClientObserver, Driver, DriverClient, DriverPorts, PublishOutcome } from '../drivers/driver.ts';
import { plainValues } from '../drivers/values.ts';
import type { PublisherTransport, PublishRequest } from './publishers.ts';

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

/** The status of a publish in the log; an unconfirmed one may have been accepted or not. */
export function publishStatus({ kind }: PublishOutcome): 'accepted' | 'rejected' | 'unknown' {
  return kind === 'unconfirmed' ? 'unknown' : kind;
}

/** Publishes to a target: each stream has its own client of the driver. */
export class ClientTransport implements PublisherTransport {
  readonly #publishers: readonly DriverClient<object>[];
  lastFailure = '';

  /** @param run - keeps the publishers of one run apart from those of others on the same server */
  constructor(options: {
    readonly run: string;
    readonly streams: number;
    readonly driver: Driver;
    readonly ports: DriverPorts;
  }) {
    const observer = this.#observer();
    const newClient = options.driver.newClients();
    this.#publishers = Array.from({ length: options.streams }, (_, stream) =>
      newClient({
        clientId: `${options.run}-publisher-${stream}`,
        values: plainValues(stream, `${options.run}-publisher-${stream}`),
        behaviour: BEHAVIOUR,
        ports: options.ports,
        observer,
      }),
    );
  }

  connect(): void {
    for (const { connector } of this.#publishers) connector.connect();
  }

  get ready(): boolean {
    return this.#publishers.every(({ connector }) => connector.ready);
  }

  publish(request: PublishRequest, settle: (status: 'accepted' | 'rejected' | 'unknown') => void): void {
    const publisher = this.#publishers[request.stream];
    if (publisher === undefined)
      throw new Error(`Cannot publish to stream ${request.stream}: there is no publisher`);
    publisher.publish({ ...request, settle: (outcome) => settle(publishStatus(outcome)) });
  }

  /** A client can't know how many deliveries the server still waits for. */
  inFlight(): undefined {
    return undefined;
  }

  stop(): void {
    for (const publisher of this.#publishers) publisher.stop();
  }

  #observer(): ClientObserver<object> {
    const delivery = {};
    return {
      connecting() {},
      open() {},
      subscribed() {},
      resumed() {},
      refused: (reason) => {
        this.lastFailure = reason;
      },
      message: () => delivery,
      deduplicated() {},
      handled() {},
      failed() {},
      acked() {},
      gap() {},
      replayed() {},
      goodbye() {},
      closed: (code, reason) => {
        // A close without a reason says less than what came before it.
        if (reason !== '') this.lastFailure = reason;
        else if (this.lastFailure === '') this.lastFailure = `closed with ${code}`;
      },
      olderClosed() {},
    };
  }
}
