/**
 * The contract and its building blocks for a driver of one's own, as `import … from 'wsdeliver/driver'` gives them.
 */

export type { LossReason } from '../delivery/loss-reason.ts';
export { DedupWindow } from '../protocol/dedup-window.ts';
export { type ClientLink, type Clock, type DialRequest, type Random, Timer } from '../protocol/ports.ts';
export { Connector, type ConnectorOwner } from './connector.ts';
export type {
  AckFate,
  AckFilter,
  ClientBehaviour,
  ClientObserver,
  ClientOptions,
  ClientPublish,
  ClientValues,
  Driver,
  DriverClient,
  DriverPorts,
  DriverTraits,
  FaultHandle,
  PublishOutcome,
} from './driver.ts';
export { Inbox, type InboxOwner } from './inbox.ts';
