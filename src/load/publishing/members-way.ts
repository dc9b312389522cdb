import type { PublishRequest, SettlePublish, TargetWay } from './way.ts';

/** The clients of a run, any of which may be asked to publish. */
export interface PublishingClients {
  publishAs(client: number, request: PublishRequest, settle: SettlePublish): void;
  isConnectionOpen(client: number, connection: number): boolean;
}
