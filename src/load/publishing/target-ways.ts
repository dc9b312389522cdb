import type { PublishRequest, SettlePublish, TargetWay } from './way.ts';

/** The ways to a target that the streams of a scenario take, as one. */
export class TargetWays implements TargetWay {
  readonly #ways: readonly TargetWay[];
  readonly #wayOf: ReadonlyMap<number, TargetWay>;

  /** @param wayOf - of each stream, from 1 */
  constructor(wayOf: ReadonlyMap<number, TargetWay>) {
    this.#wayOf = wayOf;
    this.#ways = [...new Set(wayOf.values())];
  }

  connect(): void {
    for (const way of this.#ways) way.connect();
  }

  get ready(): boolean {
    return this.#ways.every(({ ready }) => ready);
  }

  get lastFailure(): string {
    return this.#ways.find(({ ready, lastFailure }) => !ready && lastFailure !== '')?.lastFailure ?? '';
  }

  publish(request: PublishRequest, settle: SettlePublish): void {
    const way = this.#wayOf.get(request.stream);
    if (way === undefined) throw new Error(`Cannot publish to stream ${request.stream}: no way leads there`);
    way.publish(request, settle);
  }

  inFlight(): undefined {
    return undefined;
  }

  isOpen(stream: number, connection: number): boolean {
    return this.#wayOf.get(stream)?.isOpen?.(stream, connection) ?? false;
  }

  stop(): void {
    for (const way of this.#ways) way.stop();
  }
}
