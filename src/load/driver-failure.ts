import { basename } from 'node:path';

/** What was thrown, and at which line of the file, where the error says so. */
export function failureIn(file: string, error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const name = basename(file);
  const at = error.stack?.indexOf(`${name}:`) ?? -1;
  const line = at < 0 ? undefined : /^\d+/.exec(error.stack?.slice(at + name.length + 1) ?? '')?.[0];
  const [what = ''] = error.message.split('\n');
  return line === undefined ? what : `${what} (line ${line})`;
}
