import type { PublishStatus } from '../../delivery/publish-log.ts';
import type { PublishStream } from '../../scenario/schema.ts';

export interface PublishRequest {
  readonly stream: number;
  readonly seq: number;
  readonly room: string;
  readonly type: string;
  /** A JSON text: `{"stamp":…,"body":…}`. */
  readonly payloadText: string;
  readonly stamp: string;
  readonly body: string;
  readonly via: PublishStream['via'];
}

/**
 * Takes the outcome of a publish.
 *
 * @param connection - on which an unconfirmed message left: a number that no other connection of its stream has
 */
export type SettlePublish = (status: Exclude<PublishStatus, 'open'>, connection?: number) => void;

/** A way on which messages reach the server. */
export interface PublishWay {
  /** @param settle - called exactly once, maybe at once, unless the run ends before the answer */
  publish(request: PublishRequest, settle: SettlePublish): void;
  /** Deliveries that the server still waits for; undefined where nobody can know. */
  inFlight(): number | undefined;
  /**
   * Whether a connection on which an unconfirmed message of this stream left is still open; absent where every publish
   * is answered.
   */
  isOpen?(stream: number, connection: number): boolean;
}

/** A way to a target, which has to be made ready. */
export interface TargetWay extends PublishWay {
  connect(): void;
  readonly ready: boolean;
  /** Why it is not ready; empty when nothing has failed. */
  readonly lastFailure: string;
  stop(): void;
}
