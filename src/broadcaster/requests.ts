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
  /** Of those that were not answered at once, by seq. */
  readonly #sizes = new Map<number, number>();
  #openBytes = 0;

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

  /** Bytes of the payloads that wait for an answer. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** It is not answered at once, and its payload is kept meanwhile. */
  keep(seq: number, sizeBytes: number): void {
    this.#sizes.set(seq, sizeBytes);
    this.#openBytes += sizeBytes;
  }

  /** Whether `seq` is so far above the oldest one missing that it could not be remembered. */
  isBeyond(seq: number): boolean {
    return this.#answered.isBeyond(seq);
  }

  /**
   * @param refusal - why it was refused; undefined when it was accepted
   * @returns bytes that were kept for it
   */
  add(seq: number, refusal: string | undefined): number {
    this.#open.delete(seq);
    this.#answered.add(seq);
    if (refusal !== undefined) this.#refuse(seq, refusal);
    const sizeBytes = this.#sizes.get(seq) ?? 0;
    this.#sizes.delete(seq);
    this.#openBytes -= sizeBytes;
    return sizeBytes;
  }

  /** @returns undefined when it was accepted */
  refusalOf(seq: number): string | undefined {
    return this.#refusals.get(seq);
  }

  #refuse(seq: number, refusal: string): void {
    this.#refusals.set(seq, refusal);
    if (this.#refusals.size <= WINDOW) return;
    const oldest = this.#refusals.keys().next();
    if (!oldest.done) this.#refusals.delete(oldest.value);
  }
}
