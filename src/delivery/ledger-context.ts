import { crc32 } from 'node:zlib';
import { Examples } from './examples.ts';
import type { LedgerExample } from './record.ts';
import { StampScanner } from './stamp.ts';

/** A power of two. */
const INTACT_MAX = 512;
const INTACT_LENGTH_MAX = 16_384;

export interface LedgerContextOptions {
  readonly run: string;
  /** A message handled later than this after its intended instant counts as late. */
  readonly lateAfterUs?: number;
}

/** State that all ledgers of one process share: the stamp reader and the examples. */
export class LedgerContext {
  readonly run: string;
  readonly lateAfterUs: number;
  readonly examples = new Examples<LedgerExample>();
  readonly scanner = new StampScanner();
  /** Messages whose body did not come back as a whole, and messages that were none of the run's. */
  unverified = 0;
  foreign = 0;
  /**
   * Bodies recently found intact. A broadcast reaches thousands of clients of a process, and comparing is cheaper
   * than a checksum.
   */
  readonly #intact = new Array<string>(INTACT_MAX).fill('');
  readonly #intactCrc = new Array<number>(INTACT_MAX).fill(0);

  constructor({ run, lateAfterUs }: LedgerContextOptions) {
    this.run = run;
    this.lateAfterUs = lateAfterUs ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a body is the one that was stamped. */
  isIntact(body: string, length: number, crc: number): boolean {
    if (body.length !== length) return false;
    const slot = crc & (INTACT_MAX - 1);
    if (this.#intactCrc[slot] === crc && this.#intact[slot] === body) return true;
    if (crc32(body) !== crc) return false;
    if (length <= INTACT_LENGTH_MAX) {
      this.#intactCrc[slot] = crc;
      this.#intact[slot] = body;
    }
    return true;
  }
}
