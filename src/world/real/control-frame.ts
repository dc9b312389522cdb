import { mask, type NewMask } from './masking.ts';

/** Control frames of RFC 6455. */
const FINAL = 0x80;
const MASKED = 0x80;
const HEADER_BYTES = 2;
const KEY_BYTES = 4;
const CODE_BYTES = 2;

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * @param payload - at most 125 bytes
 * @param newMask - of a client; absent at a server
 */
export function controlFrame(opcode: number, payload: Uint8Array, newMask: NewMask | undefined): Buffer {
  const start = HEADER_BYTES + (newMask ? KEY_BYTES : 0);
  const frame = Buffer.alloc(start + payload.length);
  frame[0] = FINAL | opcode;
  frame[1] = (newMask ? MASKED : 0) | payload.length;
  frame.set(payload, start);
  if (newMask) {
    const key = newMask();
    frame.writeUInt32BE(key, HEADER_BYTES);
    mask(frame, start, frame.length, key);
  }
  return frame;
}

/**
 * @param code - `undefined` answers a close frame that had none
 * @param reason - at most 123 bytes
 */
export function closeFrame(code: number | undefined, reason: string, newMask: NewMask | undefined): Buffer {
  if (code === undefined) return controlFrame(Opcode.close, Buffer.alloc(0), newMask);
  const payload = Buffer.alloc(CODE_BYTES + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, CODE_BYTES);
  return controlFrame(Opcode.close, payload, newMask);
}
