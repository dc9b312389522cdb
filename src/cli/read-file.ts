import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from './exit.ts';
import { reason } from './outputs.ts';

const MIB = 1_048_576;
/** Most bytes of a file, by what it holds. */
export const FILE_BYTES_MAX = { scenario: MIB, result: 64 * MIB, history: 256 * MIB } as const;

const CHUNK_BYTES = 65_536;

/**
 * Reads to the end or to the limit, once and in order: pipes and devices have no size that could be looked at before,
 * and give nothing a second time.
 *
 * @param file - `label` is its name in messages
 * @throws {UserError} when it can't be read, or has more than `bytesMax`
 */
export function readBytes(file: { readonly label: string; readonly path: string }, bytesMax: number): Buffer {
  const { label, path } = file;
  let bytes: Buffer;
  try {
    const descriptor = openSync(path, 'r');
    try {
      bytes = Buffer.concat([...chunksOf(descriptor, bytesMax)]);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new UserError(`Cannot read "${label}": ${reason(error)}`);
  }
  refuseTooLong(label, bytes, bytesMax);
  return bytes;
}

/** Ends soon after the limit. */
function* chunksOf(descriptor: number, bytesMax: number): Generator<Buffer> {
  let length = 0;
  while (length <= bytesMax) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(descriptor, chunk);
    if (read === 0) return;
    yield chunk.subarray(0, read);
    length += read;
  }
}

/** @throws {UserError} */
export function refuseTooLong(label: string, bytes: Uint8Array, bytesMax: number): void {
  if (bytes.length > bytesMax)
    throw new UserError(
      `Cannot read "${label}": it has more than ${bytesMax} bytes, at most that many are wanted`,
    );
}
