/** Control frames of RFC 6455; a client's have a masking key of zeros, which leaves the payload as it is. */
const FINAL = 0x80;
const MASKED = 0x80;
const HEADER_BYTES = 2;
const KEY_BYTES = 4;
const CODE_BYTES = 2;

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** @param payload - at most 125 bytes */
export function controlFrame(opcode: number, payload: Uint8Array, masked: boolean): Buffer {
  const start = HEADER_BYTES + (masked ? KEY_BYTES : 0);
  const frame = Buffer.alloc(start + payload.length);
  frame[0] = FINAL | opcode;
  frame[1] = (masked ? MASKED : 0) | payload.length;
  frame.set(payload, start);
  return frame;
}

/**
 * @param code - `undefined` answers a close frame that had none
 * @param reason - at most 123 bytes
 */
export function closeFrame(code: number | undefined, reason: string, masked: boolean): Buffer {
  if (code === undefined) return controlFrame(Opcode.close, Buffer.alloc(0), masked);
  const payload = Buffer.alloc(CODE_BYTES + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, CODE_BYTES);
  return controlFrame(Opcode.close, payload, masked);
}
