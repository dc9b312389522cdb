import { CLIENTS_MAX, type FaultEntry, type Scenario } from './schema.ts';
import { matchingCount } from './timeline.ts';

export type Scaling =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly message: string };

/**
 * The scenario with `total` clients: profiles keep their proportions, and so do selectors with a `count`.
 *
 * Each profile keeps at least one client. Selectors by `ids` keep the remaining numbers.
 */
export function scaleClients(scenario: Scenario, total: number): Scaling {
  const profiles = scenario.clients.length;
  if (!Number.isSafeInteger(total) || total < profiles || total > CLIENTS_MAX) {
    const wanted = `${profiles} (one for each profile) to ${CLIENTS_MAX} are wanted`;
    return { ok: false, message: `Cannot simulate "${total}" clients: ${wanted}` };
  }
  const counts = apportion(
    scenario.clients.map(({ count }) => count),
    total,
  );
  const clients = scenario.clients.map((client, index) => ({ ...client, count: counts[index] ?? 1 }));
  const scaled = { ...scenario, clients };
  const faults: FaultEntry[] = [];
  for (const [index, entry] of scenario.faults.entries()) {
    const fault = scaleSelector(entry, scenario, scaled);
    if (fault === undefined) {
      return {
        ok: false,
        message: `Cannot simulate "${total}" clients: fault ${index + 1} selects by ids, and none of them remains`,
      };
    }
    faults.push(fault);
  }
  return { ok: true, scenario: { ...scaled, faults } };
}

/** Whole shares of `total` by largest remainder, each at least 1. */
function apportion(weights: readonly number[], total: number): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => (weight * total) / sum);
  const shares = exact.map((share) => Math.max(1, Math.floor(share)));
  const missing = (index: number): number => (exact[index] ?? 0) - (shares[index] ?? 0);
  const order = weights.map((_, index) => index);
  const add = (step: 1 | -1): void => {
    // Increases the part farthest below its exact share, or decreases the part farthest above it that is greater than
    // 1.
    const eligible = order.filter((index) => step === 1 || (shares[index] ?? 0) > 1);
    const best = eligible.reduce((a, b) => (step * missing(b) > step * missing(a) ? b : a));
    shares[best] = (shares[best] ?? 0) + step;
  };
  let given = shares.reduce((all, share) => all + share, 0);
  for (; given < total; given++) add(1);
  for (; given > total; given--) add(-1);
  return shares;
}

function scaleSelector(entry: FaultEntry, before: Scenario, after: Scenario): FaultEntry | undefined {
  const selector = entry.clients;
  if (selector?.ids !== undefined) {
    const total = after.clients.reduce((sum, { count }) => sum + count, 0);
    const ids = selector.ids.filter((id) => id < total);
    return ids.length === 0 ? undefined : { ...entry, clients: { ...selector, ids } };
  }
  if (selector?.count === undefined) return entry;
  const count = Math.round(
    (selector.count * matchingCount(after, selector)) / matchingCount(before, selector),
  );
  return {
    ...entry,
    clients: { ...selector, count: Math.min(matchingCount(after, selector), Math.max(1, count)) },
  };
}
