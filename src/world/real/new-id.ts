import { randomFillSync } from 'node:crypto';
import type { NewId } from '../../protocol/ports.ts';

const ID_BYTES = 16;
/** Drawn at once: a call to the system for each id would be a tenth of what a connection costs. */
const pool = Buffer.alloc(256 * ID_BYTES);
let used = pool.length;

/** 128 bits from the operating system, as 22 characters that need no escaping. */
export const newSecretId: NewId = () => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('base64url', used - ID_BYTES, used);
};
