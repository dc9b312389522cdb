import type { AnomalyKind } from './anomaly.ts';

/** Examples kept of each kind of anomaly; counts have no limit. */
export const EXAMPLES_MAX = 32;

/** Keeps the first examples of each kind, so that a run in which everything fails stays small. */
export class Examples<T extends { readonly kind: AnomalyKind }> {
  readonly #byKind = new Map<AnomalyKind, T[]>();

  /** False once enough examples of this kind are kept; the caller can then skip building one. */
  wants(kind: AnomalyKind): boolean {
    return (this.#byKind.get(kind)?.length ?? 0) < EXAMPLES_MAX;
  }

  add(example: T): void {
    const list = this.#byKind.get(example.kind);
    if (list === undefined) this.#byKind.set(example.kind, [example]);
    else if (list.length < EXAMPLES_MAX) list.push(example);
  }

  list(): T[] {
    return [...this.#byKind.values()].flat();
  }
}
