import type { Duplex } from 'node:stream';
import type { SharedText } from '../../protocol/ports.ts';
import { Opcode } from './control-frame.ts';
import { mask, type NewMask } from './masking.ts';

/**
 * Data frames of RFC 6455, written into a slab that many writes share, so that a frame costs one view and no
 * allocation of its own. A shared tail is copied while it is small; a large one goes to the socket as it is, between
 * what stands around it, and is never copied however many peers get it.
 */
const SLAB_BYTES = 32_768;
const COPIED_TAIL_BYTES_MAX = 4096;
const FINAL = 0x80;
const MASKED = 0x80;
const [OPEN_BRACKET, COMMA, CLOSE_BRACKET] = [0x5b, 0x2c, 0x5d];

/** A frame that waits for the end of the turn; they form a list. */
export class QueuedFrame {
  readonly head: string;
  readonly headBytes: number;
  readonly tail: Uint8Array | undefined;
  readonly bytes: number;
  readonly opcode: number;
  next: QueuedFrame | undefined = undefined;

  /** @param tail - behind a text, or a binary message of its own */
  constructor(head: string, tail: SharedText | Uint8Array | undefined) {
    const isBinary = tail instanceof Uint8Array;
    this.opcode = isBinary ? Opcode.binary : Opcode.text;
    this.head = head;
    this.headBytes = Buffer.byteLength(head);
    this.tail = isBinary ? tail : tail && encodedOnce(tail);
    this.bytes = this.headBytes + (this.tail ? this.tail.length : 0);
  }
}

function encodedOnce(tail: SharedText): Uint8Array {
  tail.bytes ??= Buffer.from(tail.text);
  return tail.bytes;
}

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabAt = 0;
/** Where the part of the slab begins that no chunk holds yet. */
let chunkStart = 0;
const chunks: Uint8Array[] = [];

export interface FrameList {
  readonly first: QueuedFrame;
  readonly count: number;
  /** Bytes of all frames together. */
  readonly bytes: number;
  /** One JSON array of all frames instead of one WebSocket frame for each. */
  readonly asArray: boolean;
  /** Of a client; absent at a server. */
  readonly newMask: NewMask | undefined;
}

/** Hands the list to the socket as one write. */
export function writeFrames(socket: Duplex, list: FrameList): void {
  reserve(bytesCopied(list));
  chunkStart = slabAt;
  if (list.asArray) putArray(list);
  else
    for (let frame: QueuedFrame | undefined = list.first; frame; frame = frame.next)
      putFrame(frame, list.newMask);
  if (chunks.length === 0) {
    socket.write(slab.subarray(chunkStart, slabAt));
    return;
  }
  cutChunk();
  socket.cork();
  for (const chunk of chunks) socket.write(chunk);
  socket.uncork();
  chunks.length = 0;
}

function reserve(bytes: number): void {
  if (slabAt + bytes <= slab.length) return;
  slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
  slabAt = 0;
}

function bytesCopied(list: FrameList): number {
  let bytes = list.asArray ? headerBytes(list.bytes + list.count + 1) + list.count + 1 : 0;
  for (let frame: QueuedFrame | undefined = list.first; frame; frame = frame.next) {
    bytes += isCopied(frame, list.newMask) ? frame.bytes : frame.headBytes;
    if (!list.asArray) bytes += headerBytes(frame.bytes);
  }
  return bytes;
}

/** Room for a header with its mask. */
function headerBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 6 : payloadBytes < 65_536 ? 8 : 14;
}

/** A masked tail is nobody else's. */
function isCopied(frame: QueuedFrame, newMask: NewMask | undefined): boolean {
  return newMask !== undefined || frame.tail === undefined || frame.tail.length <= COPIED_TAIL_BYTES_MAX;
}

function putArray({ first, count, bytes, newMask }: FrameList): void {
  const key = putHeader(Opcode.text, bytes + count + 1, newMask);
  const start = slabAt;
  slab[slabAt++] = OPEN_BRACKET;
  for (let frame: QueuedFrame | undefined = first; frame; frame = frame.next) {
    if (frame !== first) slab[slabAt++] = COMMA;
    putText(frame, newMask);
  }
  slab[slabAt++] = CLOSE_BRACKET;
  mask(slab, start, slabAt, key);
}

function putFrame(frame: QueuedFrame, newMask: NewMask | undefined): void {
  const key = putHeader(frame.opcode, frame.bytes, newMask);
  const start = slabAt;
  putText(frame, newMask);
  mask(slab, start, slabAt, key);
}

/** @returns the key to mask the payload with */
function putHeader(opcode: number, payloadBytes: number, newMask: NewMask | undefined): number {
  const maskBit = newMask ? MASKED : 0;
  slab[slabAt++] = FINAL | opcode;
  if (payloadBytes < 126) {
    slab[slabAt++] = maskBit | payloadBytes;
  } else if (payloadBytes < 65_536) {
    slab[slabAt++] = maskBit | 126;
    slabAt = slab.writeUInt16BE(payloadBytes, slabAt);
  } else {
    slab[slabAt++] = maskBit | 127;
    slabAt = slab.writeUInt32BE(0, slabAt);
    slabAt = slab.writeUInt32BE(payloadBytes, slabAt);
  }
  if (!newMask) return 0;
  const key = newMask();
  slabAt = slab.writeUInt32BE(key, slabAt);
  return key;
}

function putText(frame: QueuedFrame, newMask: NewMask | undefined): void {
  const isAscii = frame.headBytes === frame.head.length;
  slabAt += slab.write(frame.head, slabAt, isAscii ? 'latin1' : 'utf8');
  if (!frame.tail) return;
  if (isCopied(frame, newMask)) {
    slab.set(frame.tail, slabAt);
    slabAt += frame.tail.length;
  } else {
    cutChunk();
    chunks.push(frame.tail);
  }
}

function cutChunk(): void {
  if (slabAt > chunkStart) chunks.push(slab.subarray(chunkStart, slabAt));
  chunkStart = slabAt;
}
