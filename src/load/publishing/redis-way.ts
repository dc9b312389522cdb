import { compileTemplate, type Template } from '../../templates/template.ts';
import type { RedisPublisher } from '../../world/real/redis-publisher.ts';
import type { MessageScope } from './message-scope.ts';
import type { PublishRequest, SettlePublish, TargetWay } from './way.ts';

/** How a message is published to Redis; texts are templates. */
export interface RedisPublish {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  readonly channel: string;
  readonly message: string;
}

export type NewRedisPublisher = (url: string, onError: (error: Error) => void) => Promise<RedisPublisher>;

/** Publishes with PUBLISH, to whoever listens there: accepted when Redis has answered. */
export class RedisWay implements TargetWay {
  lastFailure = '';
  readonly #options: RedisPublish;
  readonly #channel: Template;
  readonly #message: Template;
  readonly #scope: MessageScope;
  readonly #newPublisher: NewRedisPublisher;
  #publisher: RedisPublisher | undefined = undefined;
  #stopped = false;

  constructor(options: RedisPublish, scope: MessageScope, newPublisher: NewRedisPublisher) {
    this.#options = options;
    this.#channel = compileTemplate(options.channel);
    this.#message = compileTemplate(options.message);
    this.#scope = scope;
    this.#newPublisher = newPublisher;
  }

  connect(): void {
    this.#open().catch((error: unknown) => this.#failed(error));
  }

  async #open(): Promise<void> {
    const url = String(compileTemplate(this.#options.url).render(this.#scope));
    const publisher = await this.#newPublisher(url, (error) => this.#failed(error));
    if (this.#stopped) return;
    this.#publisher = publisher;
    await publisher.connect();
  }

  get ready(): boolean {
    return this.#publisher?.isReady ?? false;
  }

  publish(request: PublishRequest, settle: SettlePublish): void {
    const publisher = this.#publisher;
    if (publisher === undefined || !publisher.isReady) {
      settle('rejected');
      return;
    }
    const scope = this.#scope.of(request);
    const channel = asText(this.#channel.render(scope));
    publisher.publish(channel, asText(this.#message.render(scope))).then(
      () => settle('accepted'),
      (error: unknown) => {
        this.#failed(error);
        settle('unknown');
      },
    );
  }

  inFlight(): undefined {
    return undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.#publisher?.destroy();
    this.#publisher = undefined;
  }

  #failed(error: unknown): void {
    this.lastFailure = error instanceof Error ? error.message : String(error);
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
