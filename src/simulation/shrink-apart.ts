import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShrinkAnswer, ShrinkRequest } from './shrink-job.ts';

/**
 * Makes a failure small in a process of its own, so that this one can listen meanwhile.
 *
 * @param signal - ends it at once
 */
export function shrinkApart(request: ShrinkRequest, signal: AbortSignal): Promise<ShrinkAnswer> {
  const script = fileURLToPath(new URL(`./shrink-job${extname(import.meta.url)}`, import.meta.url));
  const child = fork(script, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  return new Promise<ShrinkAnswer>((resolve) => {
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    child.on('message', (message) => {
      resolve(message as ShrinkAnswer);
      stop();
    });
    child.on('error', (error) => resolve({ problem: error.message }));
    child.on('close', () => resolve({ problem: signal.aborted ? 'interrupted' : 'the process for it died' }));
    child.send(request, (error) => {
      if (error !== null) resolve({ problem: error.message });
    });
  }).finally(() => signal.removeEventListener('abort', stop));
}
