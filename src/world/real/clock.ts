import type { Clock } from '../../protocol/ports.ts';

/**
 * The machine's monotonic clock in µs, the same for every process on it.
 *
 * `performance.now()` is several times cheaper than `process.hrtime()` and runs on the same clock, but counts from
 * the start of its process; the distance between the two origins is fixed once.
 */
export class MachineClock implements Clock {
  readonly #originUs = hrtimeUs() - performance.now() * 1000;

  nowUs(): number {
    return Math.floor(this.#originUs + performance.now() * 1000);
  }
}

function hrtimeUs(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
