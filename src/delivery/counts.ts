import type { DeliveryCounts } from './judgement.ts';
import { LOSS_REASONS, type LossReason } from './loss-reason.ts';

export function emptyCounts(): DeliveryCounts {
  return {
    published: 0,
    owed: 0,
    delivered: 0,
    lost: { silent: 0, reported: 0, reportedBy: emptyReasons() },
    duplicates: { handled: 0, handledAfterAck: 0, received: 0 },
    reordered: 0,
    rewound: 0,
    filled: 0,
    displacementMax: 0,
    phantom: 0,
    corrupt: 0,
    resurrected: 0,
    recovered: 0,
    unresolved: 0,
    notOwed: 0,
    late: 0,
    ackBeforeHandle: 0,
  };
}

/** Adds all counts of pairs to `into`; `published` counts messages and is not added. */
export function addCounts(into: DeliveryCounts, from: DeliveryCounts): void {
  into.owed += from.owed;
  into.delivered += from.delivered;
  into.lost.silent += from.lost.silent;
  into.lost.reported += from.lost.reported;
  for (const reason of lossReasonsOf(from.lost.reportedBy)) {
    into.lost.reportedBy[reason] += from.lost.reportedBy[reason];
  }
  into.duplicates.handled += from.duplicates.handled;
  into.duplicates.handledAfterAck += from.duplicates.handledAfterAck;
  into.duplicates.received += from.duplicates.received;
  into.reordered += from.reordered;
  into.rewound += from.rewound;
  into.filled += from.filled;
  into.displacementMax = Math.max(into.displacementMax, from.displacementMax);
  into.phantom += from.phantom;
  into.corrupt += from.corrupt;
  into.resurrected += from.resurrected;
  into.recovered += from.recovered;
  into.unresolved += from.unresolved;
  into.notOwed += from.notOwed;
  into.late += from.late;
  into.ackBeforeHandle += from.ackBeforeHandle;
}

/** The loss reasons that occur, in the order of `LOSS_REASONS`. */
export function lossReasonsOf<T>(byReason: Partial<Record<LossReason, T>>): LossReason[] {
  return LOSS_REASONS.filter((reason) => byReason[reason] !== undefined);
}

function emptyReasons(): Record<LossReason, number> {
  return Object.fromEntries(LOSS_REASONS.map((reason) => [reason, 0])) as Record<LossReason, number>;
}
