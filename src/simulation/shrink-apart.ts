import { HelperProcess, lossText, scriptBeside } from '../world/real/child-process.ts';
import type { ShrinkAnswer, ShrinkRequest } from './shrink-job.ts';

/**
 * Makes a failure small in a process of its own, so that this one can listen meanwhile.
 *
 * @param signal - ends it at once
 */
export function shrinkApart(request: ShrinkRequest, signal: AbortSignal): Promise<ShrinkAnswer> {
  if (signal.aborted) return Promise.resolve({ problem: 'interrupted' });
  return new Promise<ShrinkAnswer>((resolve) => {
    const child = new HelperProcess<ShrinkRequest, ShrinkAnswer>({
      script: scriptBeside(import.meta.url, 'shrink-job'),
      onReport: (answer) => end(answer),
      onLost: (loss) => end({ problem: `the process for it was lost (${lossText(loss)})` }),
    });
    const end = (answer: ShrinkAnswer): void => {
      child.kill();
      signal.removeEventListener('abort', interrupt);
      resolve(answer);
    };
    const interrupt = (): void => end({ problem: 'interrupted' });
    signal.addEventListener('abort', interrupt);
    child.send(request);
  });
}
