/** The part of a client of Redis that publishes. */
export interface RedisPublisher {
  connect(): Promise<unknown>;
  publish(channel: string, message: string): Promise<number>;
  readonly isReady: boolean;
  destroy(): void;
}

/**
 * Loads the package `@redis/client`, which is installed where somebody wants it.
 *
 * @throws {Error} when it is not installed
 */
export async function newRedisPublisher(
  url: string,
  onError: (error: Error) => void,
): Promise<RedisPublisher> {
  const { createClient } = await import('@redis/client').catch(() => {
    throw new Error(
      'Cannot publish to Redis: its client is not installed, `npm install @redis/client` is wanted',
    );
  });
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', onError);
  return client;
}
