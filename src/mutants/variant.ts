import type { AnomalyKind } from '../delivery/anomaly.ts';
import type { CauseCode, GivenBack, Limited, Stage } from '../delivery/cause.ts';
import type { Direction } from '../delivery/judgement.ts';
import type { LossReason } from '../delivery/loss-reason.ts';
import type { Driver } from '../drivers/driver.ts';
import type { SimulatedNetwork } from '../run/simulated-run.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { NewBroadcaster } from '../server/reference-server.ts';

/**
 * A server or a client that is broken in one way, on purpose.
 *
 * Mutation testing of the checker: each variant comes with a scenario that provokes its defect and with the outcome
 * by which it must be caught; the build without the defect must pass the same scenario.
 */
export interface Variant {
  readonly name: string;
  readonly side: 'server' | 'client';
  /** The defect, as a sentence. */
  readonly defect: string;
  readonly scenario: Scenario;
  readonly network?: SimulatedNetwork;
  /** The clients of both the broken and the correct server; absent: the correct client. */
  readonly client?: Driver;
  readonly newBroadcaster?: NewBroadcaster;
  readonly driver?: Driver;
  readonly outcome: ExpectedOutcome;
  /** Kinds that the defect may cause beside the outcome. */
  readonly consequences: readonly AnomalyKind[];
}

/** An anomaly with all of these properties must be found. */
export interface ExpectedOutcome {
  readonly kind: AnomalyKind;
  readonly direction?: Direction;
  readonly stage?: Stage;
  /** Values that the cause must have. */
  readonly cause?: {
    readonly code?: CauseCode;
    readonly reason?: LossReason;
    readonly what?: Limited | GivenBack;
  };
}
