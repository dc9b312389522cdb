import { NO_BREAK } from './line.ts';

/** Numbers for people: three significant digits, a unit that fits, spaces between thousands. */

/** What stands where there is no number. */
export const NO_DATA = '?';

interface Unit {
  readonly name: string;
  readonly size: number;
}

const TIME_UNITS: readonly Unit[] = [
  { name: 'µs', size: 1 },
  { name: 'ms', size: 1000 },
  { name: 's', size: 1_000_000 },
];

const BYTE_UNITS: readonly Unit[] = ['B', 'KiB', 'MiB', 'GiB', 'TiB'].map((name, power) => ({
  name,
  size: 1024 ** power,
}));

export function formatCount(value: number): string {
  const [whole = '0', fraction] = String(
    Math.abs(Number.isInteger(value) ? value : Number(value.toFixed(1))),
  ).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, NO_BREAK);
  return `${value < 0 ? '-' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** `850 µs`, `2.14 ms`, `181 ms`, `1.02 s`. */
export function formatUs(us: number): string {
  return inUnit(us, TIME_UNITS);
}

export function formatBytes(bytes: number): string {
  return inUnit(bytes, BYTE_UNITS);
}

/** @param share - 0..1 */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return `<0.1${NO_BREAK}%`;
  // Nearly all is not all: the digits are cut and not rounded.
  if (percent < 100 && percent > 99.9) return `${(Math.floor(percent * 1000) / 1000).toFixed(3)}${NO_BREAK}%`;
  return `${percent === 0 || percent === 100 ? percent : percent.toFixed(1)}${NO_BREAK}%`;
}

export function formatPerSec(perSec: number): string {
  return `${formatCount(perSec >= 100 ? Math.round(perSec) : perSec)}/s`;
}

/** An instant as a distance from the start of load: `+3.042 s`. */
export function formatAt(atMs: number): string {
  return `${atMs < 0 ? '-' : '+'}${(Math.abs(atMs) / 1000).toFixed(3)}${NO_BREAK}s`;
}

/** A value of a series, by the unit that the series names. */
export function formatIn(unit: string, value: number): string {
  if (unit === 'us') return formatUs(value);
  if (unit === 'bytes') return formatBytes(value);
  return unit === 'cores' ? value.toFixed(2) : formatCount(value);
}

/** A round number without the digits that say nothing: `500 µs`, `1.5 ms`. */
export function formatEdge(us: number): string {
  const unit = TIME_UNITS.findLast(({ size }) => us >= size) ?? { name: 'µs', size: 1 };
  return `${Number((us / unit.size).toPrecision(3))}${NO_BREAK}${unit.name}`;
}

/** `1 message`, `2 messages`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function inUnit(value: number, units: readonly Unit[]): string {
  if (value === 0) return `0${NO_BREAK}${units[0]?.name ?? ''}`;
  const chosen = units.find(({ size }) => Number((value / size).toPrecision(3)) < 1000) ?? units.at(-1);
  const { name, size } = chosen ?? { name: '', size: 1 };
  return `${size === 1 ? formatCount(Math.round(value)) : threeDigits(value / size)}${NO_BREAK}${name}`;
}

function threeDigits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded < 10) return rounded.toFixed(2);
  return rounded < 100 ? rounded.toFixed(1) : formatCount(Math.round(value));
}
