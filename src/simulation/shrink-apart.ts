import type { ProcessLoss } from '../delivery/reason.ts';
import { HelperProcess, scriptBeside } from '../world/real/child-process.ts';
import type { ShrinkAnswer, ShrinkRequest } from './shrink-job.ts';

/**
 * Makes a failure small in a process of its own, so that this one can listen meanwhile.
 *
 * @param signal - ends it at once
 */
export function shrinkApart(
  request: ShrinkRequest,
  signal: AbortSignal,
): Promise<ShrinkAnswer | { readonly lost: ProcessLoss }> {
  if (signal.aborted) return Promise.resolve({ problem: 'interrupted' });
  return new Promise((resolve) => {
    const child = new HelperProcess<ShrinkRequest, ShrinkAnswer>({
      script: scriptBeside(import.meta.url, 'shrink-job'),
      onReport: (answer) => end(answer),
      onLost: (loss) => end({ lost: loss }),
    });
    const end = (answer: ShrinkAnswer | { readonly lost: ProcessLoss }): void => {
      child.kill();
      signal.removeEventListener('abort', interrupt);
      resolve(answer);
    };
    const interrupt = (): void => end({ problem: 'interrupted' });
    signal.addEventListener('abort', interrupt);
    child.send(request);
  });
}
