import type { SubscriberObserver, SubscriberPorts } from '../drivers/wsdeliver/observer.ts';
import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { PublishRequest, PublishRoute } from '../load/publishers.ts';

const PUBLISHER_PROFILE = {
  rooms: [],
  ack: { mode: 'cumulative', every: 64, delayMs: 50 },
  dedupWindow: 4096,
  reconnect: { minMs: 50, maxMs: 2000, jitter: 'full' },
  handlerMs: 0,
  handlerFailureRatio: 0,
  nack: true,
  batch: false,
} as const;

/** Publishing into somebody else's server: each stream is a client of its own that sends upstream envelopes. */
export class UpstreamRoute implements PublishRoute {
  readonly #publishers: readonly Subscriber<object>[];
  lastFailure = '';

  /** @param run - keeps the publishers of one run apart from those of others on the same server */
  constructor(options: { readonly run: string; readonly streams: number; readonly ports: SubscriberPorts }) {
    const observer = this.#observer();
    this.#publishers = Array.from({ length: options.streams }, (_, stream) => {
      const clientId = `${options.run}-publisher-${stream}`;
      return new Subscriber({ clientId, profile: PUBLISHER_PROFILE, ports: options.ports, observer });
    });
  }

  connect(): void {
    for (const publisher of this.#publishers) publisher.connect();
  }

  get ready(): boolean {
    return this.#publishers.every(({ ready }) => ready);
  }

  publish(request: PublishRequest, settle: (status: 'accepted' | 'rejected' | 'unknown') => void): void {
    const publisher = this.#publishers[request.stream];
    if (publisher === undefined)
      throw new Error(`Cannot publish to stream ${request.stream}: there is no publisher`);
    const { room, type, payloadText } = request;
    const envelope = `{"room":${JSON.stringify(room)},"type":${JSON.stringify(type)},"payload":${payloadText}}`;
    publisher.upstream.send({
      type: 'publish',
      payloadText: envelope,
      settle: (outcome) => settle(outcome.kind),
    });
  }

  /** Whoever looks from outside can't know. */
  inFlight(): undefined {
    return undefined;
  }

  stop(): void {
    for (const publisher of this.#publishers) {
      publisher.upstream.abandon();
      publisher.stop();
    }
  }

  #observer(): SubscriberObserver<object> {
    const delivery = {};
    return {
      connecting() {},
      helloSent() {},
      welcomed() {},
      received: () => delivery,
      deduplicated() {},
      handled() {},
      failed() {},
      acked() {},
      gap() {},
      replayed() {},
      closed: (_subscriber, code, reason) => {
        this.lastFailure = reason === '' ? `closed with ${code}` : reason;
      },
      olderClosed() {},
    };
  }
}
