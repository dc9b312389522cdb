/** Far more than the clocks of a server and of this machine differ, or a server keeps what was missed. */
const AGE_MS_MAX = 86_400_000;

const YEAST_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';

/**
 * Reads the instant out of an offset, as every adapter writes one: in memory (`yeast`, digits to the base of 64), the
 * Redis streams (`1700000000000-0`) and MongoDB (an ObjectId).
 *
 * @returns ms since 1970; -1 for a text that is no offset
 */
function instantOf(text: string): number {
  const stream = /^(\d{12,15})-\d+$/.exec(text)?.[1];
  if (stream !== undefined) return Number(stream);
  if (/^[\da-f]{24}$/.test(text)) return Number.parseInt(text.slice(0, 8), 16) * 1000;
  if (!/^[\w-]{7,8}(\.[\w-]+)?$/.test(text)) return -1;
  let instant = 0;
  for (const digit of text.split('.', 1)[0] ?? '') instant = instant * 64 + YEAST_DIGITS.indexOf(digit);
  return instant;
}

/** Whether a text is an offset that a server gave out lately, and not the last argument of somebody's event. */
export function isOffset(text: string, epochMs: number): boolean {
  return Math.abs(instantOf(text) - epochMs) <= AGE_MS_MAX;
}
