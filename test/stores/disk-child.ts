import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskStore } from '../../src/stores/disk-store.ts';
import { OpenStore } from './open-store.ts';

/**
 * A process of its own with a store on disk: `once DIR` writes one record, `full DIR` writes until the disk has no
 * room, makes room, and goes on. Tells on stdout how it went.
 */

const FILLER_BYTES = 24 * 1024 * 1024;
const RECORD = 'x'.repeat(100_000);

const [mode, dir = ''] = process.argv.slice(2);
const store = new OpenStore(new DiskStore({ dir: join(dir, 'store'), newEpoch: () => 'epoch' }));

async function once(): Promise<void> {
  await store.opened;
  const failure = await store.write({ records: ['the record'] });
  process.stdout.write(failure === undefined ? 'accepted\n' : `${failure.message}\n`);
}

async function full(): Promise<void> {
  const filler = join(dir, 'filler');
  writeFileSync(filler, Buffer.alloc(FILLER_BYTES));
  await store.opened;
  let accepted = 0;
  let failure = await store.write({ records: [`${accepted} ${RECORD}`] });
  while (failure === undefined) {
    accepted += 1;
    failure = await store.write({ records: [`${accepted} ${RECORD}`] });
  }
  const { code } = failure;
  const refused = (await store.write({ records: ['refused'] })) !== undefined;
  rmSync(filler);
  while ((await store.write({ records: [`${accepted} ${RECORD}`] })) !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  accepted += 1;
  store.close();
  const again = new OpenStore(new DiskStore({ dir: join(dir, 'store'), newEpoch: () => 'epoch' }));
  await again.opened;
  const numbers = again.records.map(([, text]) => Number.parseInt(text, 10));
  const kept = numbers.length === accepted && numbers.every((number, index) => number === index);
  process.stdout.write(`${JSON.stringify({ code, refused, kept, enough: accepted > 10 })}\n`);
  again.close();
}

await (mode === 'full' ? full() : once());
store.close();
