import type { Store, StoreBatch, StoreFailure, StoreOpened } from '../../src/broadcaster/durable/store.ts';

/** A store that was opened, and whatever it handed over. */
export class OpenStore {
  readonly snapshots = new Map<string, string>();
  readonly records: [number, string][] = [];
  readonly events: string[] = [];
  readonly #store: Store;
  readonly #opened: Promise<StoreOpened>;

  constructor(store: Store) {
    this.#store = store;
    this.#opened = new Promise((resolve, reject) => {
      store.open({
        onSnapshot: (id, text) => this.snapshots.set(id, text),
        onRecord: (position, text) => {
          this.records.push([position, text]);
          this.events.push(text);
        },
        onOpened: (opened) => {
          this.events.push('opened');
          resolve(opened);
        },
        onFailed: ({ message }) => reject(new Error(message)),
        onLost: (epoch) => this.events.push(`lost, now ${epoch}`),
      });
    });
  }

  get opened(): Promise<StoreOpened> {
    return this.#opened;
  }

  write(batch: Partial<StoreBatch>): Promise<StoreFailure | undefined> {
    return new Promise((resolve) => {
      this.#store.write({ records: [], snapshots: [], ...batch }, (failure) => {
        this.events.push('done');
        resolve(failure);
      });
    });
  }

  close(): void {
    this.#store.close();
  }
}
