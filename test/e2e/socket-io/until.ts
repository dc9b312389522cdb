import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something has come about. */
export async function until(isTrue: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error('it did not come about within 10 s');
    await sleep(5);
  }
}
