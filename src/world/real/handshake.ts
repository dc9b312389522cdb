import { hash } from 'node:crypto';

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`. */
export function acceptValue(key: string): string {
  return hash('sha1', key + ACCEPT_SUFFIX, 'base64');
}

/** Whether a header with a comma-separated list has the token, which is written in lower case. */
export function hasToken(list = '', token: string): boolean {
  return list.split(',').some((word) => word.trim().toLowerCase() === token);
}
