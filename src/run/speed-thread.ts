import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

/** One thread of `measureSpeed`: does what a message costs a process, again and again, and says how often it could. */

const WARM_UP_MS = 150;
const MEASURE_MS = 400;
const BODY = 'x'.repeat(256);

function work(ms: number): number {
  const untilMs = performance.now() + ms;
  let rounds = 0;
  let seen = 0;
  while (performance.now() < untilMs) {
    const text = JSON.stringify({ type: 'tick', seq: rounds, payload: { stamp: seen, body: BODY } });
    const { payload } = JSON.parse(text) as { readonly payload: { readonly body: string } };
    seen = crc32(payload.body);
    rounds += 1;
  }
  return rounds / ms;
}

work(WARM_UP_MS);
parentPort?.postMessage(work(MEASURE_MS));
