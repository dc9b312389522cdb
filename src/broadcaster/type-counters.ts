/** Types counted one by one: clients choose types too, and each costs a line in every scrape. */
const TYPES_MAX = 200;
export const OTHER_TYPES = 'other';

/** Counts by message type of what happens seldom, so that a lookup for each does not matter. */
export class TypeCounters {
  /** Transmissions after the first. */
  readonly resent = new Map<string, number>();
  /** Messages given up for a client that had not left by itself. */
  readonly failed = new Map<string, number>();

  /** Lists a type from now on, with zeros as long as nothing happens. */
  see(type: string): void {
    if (this.resent.has(type) || this.resent.size >= TYPES_MAX) return;
    this.resent.set(type, 0);
    this.failed.set(type, 0);
  }

  countResent(type: string): void {
    count(this.resent, type);
  }

  countFailed(type: string): void {
    count(this.failed, type);
  }
}

function count(counters: Map<string, number>, type: string): void {
  const known = counters.get(type);
  if (known !== undefined) counters.set(type, known + 1);
  else if (counters.size < TYPES_MAX) counters.set(type, 1);
  else counters.set(OTHER_TYPES, (counters.get(OTHER_TYPES) ?? 0) + 1);
}
