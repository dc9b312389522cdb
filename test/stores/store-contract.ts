import { afterEach, describe, expect, it } from 'vitest';
import type { Snapshot, Store } from '../../src/broadcaster/durable/store.ts';
import { OpenStore } from './open-store.ts';

/** A place where a store keeps its data, over any number of stores that are opened there one after the other. */
export interface StorePlace {
  newStore(): Store;
  remove(): Promise<void>;
}

function snapshot(id: string, text: string, generation = 1): Snapshot {
  return { id, text, generation };
}

/** Holds a store to its port. @param newPlace - an empty one for each test */
export function describeStoreContract(name: string, newPlace: () => Promise<StorePlace>): void {
  describe(`${name} as a store`, () => {
    const places: StorePlace[] = [];
    const stores: OpenStore[] = [];

    async function place(): Promise<StorePlace> {
      const made = await newPlace();
      places.push(made);
      return made;
    }

    async function open({ newStore }: StorePlace): Promise<OpenStore> {
      const store = new OpenStore(newStore());
      stores.push(store);
      await store.opened;
      return store;
    }

    afterEach(async () => {
      for (const store of stores.splice(0)) store.close();
      for (const made of places.splice(0)) await made.remove();
    });

    it('begins a lifetime with an epoch and no records', async () => {
      const store = await open(await place());
      const { epoch, recovered, head } = await store.opened;
      expect([epoch.length > 0, recovered, head]).toEqual([true, false, 0]);
      expect(store.events).toEqual(['opened']);
    });

    it('gives records the next positions and hands them over before done', async () => {
      const store = await open(await place());
      expect(await store.write({ records: ['a', 'b'] })).toBeUndefined();
      expect(await store.write({ records: ['c'] })).toBeUndefined();
      expect(store.records).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ]);
      expect(store.events).toEqual(['opened', 'a', 'b', 'done', 'c', 'done']);
    });

    it('takes batches in the order of the calls, though none waits for the one before', async () => {
      const store = await open(await place());
      const texts = Array.from({ length: 50 }, (_, index) => `record ${index}`);
      await Promise.all(texts.map((text) => store.write({ records: [text] })));
      expect(store.records.map(([, text]) => text)).toEqual(texts);
    });

    it('hands over snapshots and records when it is opened again, with the same epoch', async () => {
      const where = await place();
      const first = await open(where);
      const { epoch } = await first.opened;
      await first.write({ records: ['a', 'ä €'], snapshots: [snapshot('s1', 'old'), snapshot('s2', 'two')] });
      await first.write({ records: ['c'], snapshots: [snapshot('s1', 'new')] });
      first.close();
      const second = await open(where);
      expect(await second.opened).toEqual({ epoch, recovered: true, head: 3 });
      expect(Object.fromEntries(second.snapshots)).toEqual({ s1: 'new', s2: 'two' });
      expect(second.events).toEqual(['a', 'ä €', 'c', 'opened']);
      await second.write({ records: ['d'] });
      expect(second.records.at(-1)).toEqual([4, 'd']);
    });

    it('deletes a snapshot', async () => {
      const where = await place();
      const first = await open(where);
      await first.write({ snapshots: [snapshot('s1', 'one'), snapshot('s2', 'two')] });
      await first.write({ snapshots: [{ id: 's1', generation: 1 }] });
      first.close();
      const second = await open(where);
      expect([...second.snapshots.keys()]).toEqual(['s2']);
    });

    it('does not lose its place when all records have been deleted', async () => {
      const where = await place();
      const first = await open(where);
      await first.write({ records: ['a', 'b', 'c'] });
      first.close();
      // Deleting takes its time, and a crash may interrupt it.
      for (let kept = 3; kept > 0; ) {
        const store = await open(where);
        kept = store.records.length;
        await store.write({ keepFrom: 4 });
        await new Promise((resolve) => setTimeout(resolve, 20));
        store.close();
      }
      const last = await open(where);
      expect((await last.opened).head).toBe(3);
      await last.write({ records: ['d'] });
      expect(last.records).toEqual([[4, 'd']]);
    });

    it('keeps records from a position on', async () => {
      const where = await place();
      const first = await open(where);
      await first.write({ records: ['a', 'b', 'c', 'd'] });
      await first.write({ records: ['e'], keepFrom: 3 });
      await first.write({ records: ['f'] });
      first.close();
      const second = await open(where);
      expect(second.records.slice(-4).map(([position]) => position)).toEqual([3, 4, 5, 6]);
    });

    it('takes a batch of many records and large texts', async () => {
      const where = await place();
      const first = await open(where);
      const texts = Array.from({ length: 2500 }, (_, index) => `${index} ${'x'.repeat(1000)}`);
      await first.write({ records: texts });
      first.close();
      const second = await open(where);
      expect(second.records.map(([, text]) => text)).toEqual(texts);
    });

    it('has a batch that was cut off by a crash as a whole, or not at all', async () => {
      const where = await place();
      const first = await open(where);
      await first.write({ records: ['before'] });
      void first.write({ records: ['a', 'b', 'c'], snapshots: [snapshot('s1', 'with it')] });
      first.close();
      const second = await open(where);
      const texts = second.records.map(([, text]) => text);
      const whole = second.snapshots.has('s1');
      expect(texts).toEqual(whole ? ['before', 'a', 'b', 'c'] : ['before']);
    });
  });
}
