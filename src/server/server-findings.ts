import type { DeadLetters } from '../broadcaster/dead-letters.ts';
import type { Load } from '../broadcaster/load.ts';
import type { MetricsSummary } from '../broadcaster/monitoring/broadcast-metrics.ts';
import type { Statistics } from '../broadcaster/statistics.ts';
import type { EvidenceRecord } from '../delivery/evidence.ts';
import type { TakeoverObservation } from '../delivery/server-invariants.ts';
import type { Histogram } from '../measure/histogram.ts';
import type { AlertLog } from './alert-log.ts';
import type { OpenConnection, ServerClose } from './server-record.ts';
import type { UpstreamFindings } from './upstream-handler.ts';

/** What the server knows of a run at its end, before it is stopped. */
export interface ServerFindings {
  readonly evidence: EvidenceRecord;
  /** Connected sessions and what they still wait for. */
  readonly pending: readonly { readonly client: number; readonly pending: number }[];
  /** Sessions whose client is away, and since when. */
  readonly absent: readonly { readonly client: number; readonly sinceUs: number }[];
  readonly closes: readonly ServerClose[];
  readonly open: readonly OpenConnection[];
  readonly takeovers: readonly TakeoverObservation[];
  /** Counters over all incarnations. */
  readonly statistics: Statistics;
  /** Absent while the server is down. */
  readonly load: Load | undefined;
  readonly ackRoundTrip: Histogram;
  /** Over the window of the alerts; absent while the server is down. */
  readonly metrics: MetricsSummary | undefined;
  readonly alerts: AlertLog;
  /** What its application saw of the messages that clients sent. */
  readonly upstream: UpstreamFindings;
  readonly deadLetters: DeadLetters;
}
