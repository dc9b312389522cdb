import { randomFillSync } from 'node:crypto';

/** A masking key of RFC 6455 §5.3 for each frame of a client; 0 leaves the payload as it is. */
export type NewMask = () => number;

/** Random bytes are drawn for many keys at once: a draw costs more than what it yields. */
const keys = new Uint32Array(2048);
let keyAt = keys.length;

const randomMask: NewMask = () => {
  if (keyAt === keys.length) {
    randomFillSync(keys);
    keyAt = 0;
  }
  return keys[keyAt++] ?? 0;
};

/** A loopback connection has no intermediary that a random mask would protect. */
const noMask: NewMask = () => 0;

/** @param address - of the peer, as a socket has it; `undefined` for a socket that is gone */
export function maskTowards(address: string | undefined): NewMask {
  return address !== undefined && isLoopback(address) ? noMask : randomMask;
}

/** @param address - as a socket has it: a number, never a name */
export function isLoopback(address: string): boolean {
  return /^(?:::1$|127\.|::ffff:127\.)/.test(address);
}

/** Masks `bytes` between `from` and `to`, in place. */
export function mask(bytes: Uint8Array, from: number, to: number, key: number): void {
  if (key === 0) return;
  for (let at = from, shift = 24; at < to; at++, shift = (shift - 8) & 31)
    bytes[at] = (bytes[at] ?? 0) ^ (key >>> shift);
}
