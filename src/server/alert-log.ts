import type { BroadcastAlert } from '../broadcaster/monitoring/alerts.ts';

/** Alerts of one name whose words are kept. */
const EXAMPLES_MAX = 5;

/** As it stands in a result. */
export interface LoggedAlert {
  readonly name: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly detail: string;
  readonly examples: readonly string[];
}

/** The alerts of a run, counted by name; of each the first few in full. */
export class AlertLog {
  readonly #byName = new Map<
    string,
    { count: number; readonly firstUs: number; readonly details: string[] }
  >();

  add({ name, atUs, detail }: BroadcastAlert): void {
    const known = this.#byName.get(name);
    if (known === undefined) {
      this.#byName.set(name, { count: 1, firstUs: atUs, details: [detail] });
      return;
    }
    known.count += 1;
    if (known.details.length < EXAMPLES_MAX) known.details.push(detail);
  }

  /** @param originUs - start of load, from which the instants count */
  toAlerts(originUs: number): LoggedAlert[] {
    return [...this.#byName].map(([name, { count, firstUs, details }]) => ({
      name,
      count,
      firstAtMs: (firstUs - originUs) / 1000,
      detail: details[0] ?? '',
      examples: details,
    }));
  }
}
