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
 * A checker that has never found anything proves nothing. Each variant comes with a scenario that provokes its defect
 * and with the outcome by which it has to be caught; the build without the defect has to pass the same scenario.
 */
export interface Variant {
  readonly name: string;
  readonly side: 'server' | 'client';
  /** What is broken, in a sentence. */
  readonly defect: string;
  readonly scenario: Scenario;
  readonly network?: SimulatedNetwork;
  /** Who connects, to the broken server and to the correct one; absent: the correct client. */
  readonly client?: Driver;
  readonly newBroadcaster?: NewBroadcaster;
  readonly driver?: Driver;
  readonly outcome: ExpectedOutcome;
  /** Kinds that the outcome may bring with it. */
  readonly consequences: readonly AnomalyKind[];
}

/** The anomaly that has to be among those found, in all that is given. */
export interface ExpectedOutcome {
  readonly kind: AnomalyKind;
  readonly direction?: Direction;
  readonly stage?: Stage;
  /** Values that the cause has. */
  readonly cause?: {
    readonly code?: CauseCode;
    readonly reason?: LossReason;
    readonly what?: Limited | GivenBack;
  };
}
