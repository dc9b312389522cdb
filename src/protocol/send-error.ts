/** Codes of send errors that pass by themselves. Anything else (a closed or broken socket) will fail again. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'EWOULDBLOCK', 'ENOBUFS', 'ENOMEM', 'EINTR']);

/** Whether a send that failed with this code may succeed in a moment. */
export function passes(code: string): boolean {
  return PASSING.has(code);
}

/** The code that the system gives an error; `unknown` when it has none. */
export function errorCode(error: unknown): string {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : 'unknown';
}
