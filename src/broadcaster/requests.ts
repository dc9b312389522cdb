import { DedupWindow } from '../protocol/dedup-window.ts';

const WINDOW = 4096;

/**
 * The requests of one session that were answered, by seq: each is carried out once, and gets the same answer again
 * when the first was lost.
 *
 * A refused request is done with like an accepted one, lest its seq hold up the floor. Refusals are remembered as
 * far back as requests may come again.
 */
export class Requests {
  readonly #answered = new DedupWindow(WINDOW);
  readonly #refusals = new Map<number, string>();
  /** Taken and not answered yet. */
  readonly #open = new Set<number>();

  has(seq: number): boolean {
    return this.#answered.has(seq);
  }

  /** It is being carried out. */
  isOpen(seq: number): boolean {
    return this.#open.has(seq);
  }

  open(seq: number): void {
    this.#open.add(seq);
  }

  /** Whether `seq` is so far above the oldest one missing that it could not be remembered. */
  isBeyond(seq: number): boolean {
    return this.#answered.isBeyond(seq);
  }

  /** @param refusal - why it was refused; undefined when it was accepted */
  add(seq: number, refusal: string | undefined): void {
    this.#open.delete(seq);
    this.#answered.add(seq);
    if (refusal === undefined) return;
    this.#refusals.set(seq, refusal);
    if (this.#refusals.size <= WINDOW) return;
    const oldest = this.#refusals.keys().next();
    if (!oldest.done) this.#refusals.delete(oldest.value);
  }

  /** @returns undefined when it was accepted */
  refusalOf(seq: number): string | undefined {
    return this.#refusals.get(seq);
  }
}
