import type { ScopeFunctions, TimeUnit } from './scope.ts';

/** The functions of templates for one connection, out of a clock and of chance. */
export class PlainFunctions implements ScopeFunctions {
  readonly #epochMs: () => number;
  readonly #random: { next(): number };
  /** With false a counter does not count on: it has the number that it gave last. */
  counting = true;
  #counts: Map<string, number> | undefined;

  /** @param epochMs - time of day, ms since 1970 */
  constructor(ports: { readonly epochMs: () => number; readonly random: { next(): number } }) {
    this.#epochMs = ports.epochMs;
    this.#random = ports.random;
  }

  counter(name: string): number {
    this.#counts ??= new Map();
    const count = (this.#counts.get(name) ?? 0) + (this.counting ? 1 : 0);
    this.#counts.set(name, count);
    return count;
  }

  /** A new connection, whose counters begin again. */
  restart(): void {
    this.#counts = undefined;
  }

  /** Version 4. */
  uuid(): string {
    let text = '';
    for (const part of UUID) {
      if (part === '-' || part === '4') text += part;
      else
        text += Math.floor(part === 'y' ? 8 + 4 * this.#random.next() : 16 * this.#random.next()).toString(
          16,
        );
    }
    return text;
  }

  now(unit: TimeUnit): number | string {
    const ms = this.#epochMs();
    switch (unit) {
      case 'ms':
        return Math.floor(ms);
      case 's':
        return Math.floor(ms / 1000);
      case 'us':
        return Math.floor(ms * 1000);
      case 'iso':
        return isoText(Math.floor(ms));
    }
  }

  random(a: number, b: number): number {
    const [low, high] = a <= b ? [a, b] : [b, a];
    return low + Math.floor((high - low + 1) * this.#random.next());
  }
}

const UUID = 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx';
const DAY_MS = 86_400_000;
const DAYS_IN_400_YEARS = 146_097;
/** From the 1st of March of the year 0 to 1970. */
const DAYS_BEFORE_1970 = 719_468;

/** ISO 8601 in UTC, of an instant after 1970. */
function isoText(ms: number): string {
  const [year, month, day] = civilDate(Math.floor(ms / DAY_MS));
  const inDay = ms % DAY_MS;
  const time = [inDay / 3_600_000, (inDay / 60_000) % 60, (inDay / 1000) % 60].map((part) => padded(part, 2));
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}T${time.join(':')}.${padded(inDay % 1000, 3)}Z`;
}

/** Years begin in March here, which puts the leap day at their end (Howard Hinnant, "chrono-compatible dates"). */
function civilDate(daysSince1970: number): [year: number, month: number, day: number] {
  const days = daysSince1970 + DAYS_BEFORE_1970;
  const era = Math.floor(days / DAYS_IN_400_YEARS);
  const inEra = days - era * DAYS_IN_400_YEARS;
  const leap = Math.floor(inEra / 1460) - Math.floor(inEra / 36_524) + Math.floor(inEra / 146_096);
  const yearOfEra = Math.floor((inEra - leap) / 365);
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return [yearOfEra + 400 * era + (month <= 2 ? 1 : 0), month, day];
}

function padded(value: number, digits: number): string {
  return String(Math.floor(value)).padStart(digits, '0');
}
