import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { DiskStore } from '../../src/stores/disk-store.ts';
import { OpenStore } from './open-store.ts';
import { describeStoreContract, type StorePlace } from './store-contract.ts';

const CHILD = resolve(import.meta.dirname, '../../dist/test/stores/disk-child.js');
const run = promisify(execFile);
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'disk-store-'));
  folders.push(folder);
  return folder;
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function newStore(dir: string): DiskStore {
  return new DiskStore({ dir, newEpoch: () => 'epoch' });
}

describeStoreContract('DiskStore', () => {
  const dir = mkdtempSync(join(tmpdir(), 'disk-store-'));
  const place: StorePlace = {
    newStore: () => newStore(dir),
    remove: () => Promise.resolve(remove(dir)),
  };
  return Promise.resolve(place);
});

describe('DiskStore', () => {
  afterEach(() => {
    for (const folder of folders.splice(0)) remove(folder);
  });

  it('cuts off a last batch that is not whole', async () => {
    const dir = newFolder();
    const first = new OpenStore(newStore(dir));
    await first.opened;
    await first.write({ records: ['a'] });
    await first.write({ records: ['b'] });
    await first.write({ records: ['c'], snapshots: [{ id: 's', text: 'with c', generation: 1 }] });
    first.close();
    const log = journalOf(dir);
    truncateSync(log, statSync(log).size - 3);
    const second = new OpenStore(newStore(dir));
    expect((await second.opened).head).toBe(2);
    expect(second.records.map(([, text]) => text)).toEqual(['a', 'b']);
    expect(second.snapshots.size).toBe(0);
    second.close();
  });

  it('says that another process has the directory', async () => {
    const dir = newFolder();
    const first = new OpenStore(newStore(dir));
    await first.opened;
    const second = new OpenStore(newStore(dir));
    await expect(second.opened).rejects.toThrow(/^Cannot open a store in .*lock/);
    first.close();
  });

  it('says that the directory can not be made', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    const store = new OpenStore(newStore(join(file, 'store')));
    await expect(store.opened).rejects.toThrow(`Cannot open a store in ${join(file, 'store')}: `);
  });

  it('loses nothing that it accepted on a full disk, refuses the rest, and goes on when there is room', async () => {
    const dir = newFolder();
    const script = `mount -t tmpfs -o size=48m tmpfs ${dir} && exec ${process.execPath} ${CHILD} full ${dir}`;
    const { stdout } = await run('unshare', ['-rm', 'sh', '-c', script]);
    expect(JSON.parse(stdout)).toEqual({ code: 'no-space', refused: true, kept: true, enough: true });
  });

  it('has synced a batch to the disk before it says so', async () => {
    const dir = newFolder();
    const trace = join(dir, 'trace');
    const options = ['-f', '-e', 'trace=fsync,fdatasync,write', '-s', '200', '-o', trace];
    await run('strace', [...options, process.execPath, CHILD, 'once', dir]).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new Error('Cannot trace: strace is not installed, `apt-get install strace` is wanted');
      },
    );
    const calls = readFileSync(trace, 'utf8').split('\n');
    const written = calls.findIndex((call) => call.includes('the record'));
    const said = calls.findIndex((call) => call.includes('write(1, "accepted'));
    const synced = calls.findIndex((call, index) => index > written && /\bf(data)?sync\b.*= 0/.test(call));
    expect(written).toBeGreaterThan(-1);
    expect(synced).toBeGreaterThan(written);
    expect(said).toBeGreaterThan(synced);
  });
});

/** The file that the last batches are in. */
function journalOf(dir: string): string {
  const newest = readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .at(-1);
  if (newest === undefined) throw new Error('there is no journal');
  return join(dir, newest);
}
