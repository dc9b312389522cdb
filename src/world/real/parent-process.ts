import { BEAT } from './child-process.ts';

/** The other end of a `HelperProcess`, in the helper itself. */

const BEAT_MS = 500;

/**
 * Makes this process a helper of the one that forked it: it obeys, gives signs of life, and ends when its parent does.
 *
 * @returns sends a report; `done` once it has left
 */
export function obeyParent<Command, Report extends object>(
  obey: (command: Command) => void,
): (report: Report, done?: () => void) => void {
  // A signal of the terminal reaches the whole process group; the parent decides what it means.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', (command) => obey(command as Command));
  const send = (report: object, done: () => void = () => {}): void => {
    if (process.connected) process.send?.(report, undefined, undefined, done);
  };
  setInterval(() => send(BEAT), BEAT_MS);
  return send;
}
