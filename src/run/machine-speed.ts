import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Rounds per millisecond that a thread does on a core of its own of the machine on which the costs were measured. */
const REFERENCE_ROUNDS_PER_MS = 650;
/** The process of the server and a load worker, which compete for the same cores. */
const THREADS = 2;

/**
 * How much computing the processes of a run get here just now, in cores of the machine on which the costs were
 * measured: less where the processor is slower, or where it has other things to do. Takes half a second.
 */
export async function measureSpeed(): Promise<number> {
  const rounds = await Promise.all(Array.from({ length: THREADS }, roundsPerMs));
  return Math.min(...rounds) / REFERENCE_ROUNDS_PER_MS;
}

function roundsPerMs(): Promise<number> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(`./speed-thread${extname(import.meta.url)}`, import.meta.url));
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}
