import type { Scope, ScopeFunctions, TimeUnit } from '../templates/scope.ts';
import type { ClientValues, DriverPorts } from './driver.ts';

/** What the templates of one client may ask for: what is known of it, and of the message or room at hand. */
export class ClientScope implements Scope, ScopeFunctions {
  /** Beside what is known of the client; of the message or room that is rendered at present. */
  local: Readonly<Record<string, unknown>> = {};
  readonly #values: ClientValues;
  readonly #ports: DriverPorts;
  #counters: Map<string, number> | undefined;

  constructor(values: ClientValues, ports: DriverPorts) {
    this.#values = values;
    this.#ports = ports;
  }

  get functions(): ScopeFunctions {
    return this;
  }

  value(path: readonly string[]): unknown {
    const [first = '', ...more] = path;
    let value: unknown = Object.hasOwn(this.local, first)
      ? this.local[first]
      : this.#values[first as keyof ClientValues];
    for (const step of more) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[step];
    }
    return value;
  }

  /** A new connection, whose counters begin again. */
  restart(): void {
    this.#counters = undefined;
  }

  counter(name: string): number {
    this.#counters ??= new Map();
    const count = (this.#counters.get(name) ?? 0) + 1;
    this.#counters.set(name, count);
    return count;
  }

  /** Version 4, out of the client's own randomness. */
  uuid(): string {
    const digit = (): number => this.random(0, 15);
    return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replaceAll(/[xy]/g, (place) =>
      (place === 'x' ? digit() : 8 + (digit() & 3)).toString(16),
    );
  }

  now(unit: TimeUnit): number | string {
    const ms = this.#ports.epochMs();
    switch (unit) {
      case 'ms':
        return Math.floor(ms);
      case 's':
        return Math.floor(ms / 1000);
      case 'us':
        return Math.floor(ms * 1000);
      case 'iso':
        return isoTime(ms);
    }
  }

  random(a: number, b: number): number {
    return a + Math.floor(this.#ports.contentRandom.next() * (b - a + 1));
  }
}

const DAY_MS = 86_400_000;
/** Days from the first of March of the year 0 to 1970. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

/** As JavaScript writes it, of a time after 1970: `2026-01-31T23:59:59.999Z`. Howard Hinnant's `civil_from_days`. */
function isoTime(ms: number): string {
  const inDay = Math.floor(ms % DAY_MS);
  const days = Math.floor(ms / DAY_MS) + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const ofEra = days - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hour, minute, second] = [3_600_000, 60_000, 1000].map((unit, index) =>
    two(Math.floor(inDay / unit) % (index === 0 ? 24 : 60)),
  );
  const fraction = String(inDay % 1000).padStart(3, '0');
  return `${year}-${two(month)}-${two(day)}T${hour}:${minute}:${second}.${fraction}Z`;
}
