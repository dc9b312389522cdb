import { isUtf8 } from 'node:buffer';
import { isSendableCloseCode } from '../../protocol/close-code.ts';
import { CloseCode, FRAME_BYTES_MAX } from '../../protocol/frame.ts';
import { ByteQueue } from './byte-queue.ts';
import { Opcode } from './control-frame.ts';

const FINAL = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const TEXT_FINAL = FINAL | Opcode.text;
const CONTROL_BYTES_MAX = 125;
const LENGTH_IN_2_BYTES = 126;

const PROTOCOL_ERROR = 1002;
const NO_CODE = 1005;
const INVALID_TEXT = 1007;
/** What decoding puts in the place of bytes that are no UTF-8; it may also have been sent. */
const REPLACEMENT = '\ufffd';

/** Who hears of frames. Nothing comes after `closing` or `refused`. */
export interface FrameSink {
  /** A whole text; empty for a binary message, which no frame of the protocol is, so that it counts as malformed. */
  received(text: string): void;
  /** @param bytes - good during the call */
  receivedBinary(bytes: Uint8Array): void;
  /** @param data - good during the call */
  pinged(data: Buffer): void;
  ponged(): void;
  /** @param code - 1005 when the close frame has none */
  closing(code: number, reason: string): void;
  /** The peer broke RFC 6455, or sent more than the largest frame; `code` is what to close with. */
  refused(code: number, reason: string): void;
}

/**
 * Takes frames of RFC 6455 out of what a server sends, cut anywhere.
 *
 * A text that lies whole in what was read becomes a string without any other allocation. Only frames that are cut
 * and messages that are fragmented are kept, and neither grows past the largest frame.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** The beginning of a frame of which the rest has not arrived. */
  #cut: ByteQueue | undefined = undefined;
  /** What has arrived of a fragmented message. */
  #message: ByteQueue | undefined = undefined;
  #messageIsBinary = false;
  #ended = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Reads `chunk` between `from` and `to`, and keeps no reference to it. */
  read(chunk: Buffer, from: number, to: number): void {
    let at = this.#cut === undefined ? from : this.#mend(this.#cut, chunk, from, to);
    while (at < to && !this.#ended) {
      const end = at + frameBytes(chunk, at, to);
      if (
        end <= to &&
        chunk[at] === TEXT_FINAL &&
        (chunk[at + 1] ?? 0) <= LENGTH_IN_2_BYTES &&
        !this.#message
      )
        this.#text(chunk, at + headerBytes(chunk[at + 1]), end);
      else if (this.#refuses(chunk, at, to)) return;
      else if (end <= to) this.#frame(chunk, at, end);
      else {
        this.#cut = new ByteQueue();
        this.#cut.append(chunk, at, to);
      }
      at = end;
    }
  }

  /** Completes the frame that was cut, and returns where the next one begins. */
  #mend(cut: ByteQueue, chunk: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const end = Math.min(to, at + frameBytes(cut.view(), 0, cut.length) - cut.length);
      cut.append(chunk, at, end);
      at = end;
      const frame = cut.view();
      if (this.#refuses(frame, 0, frame.length)) return to;
      if (frame.length < frameBytes(frame, 0, frame.length)) continue;
      this.#cut = undefined;
      this.#frame(frame, 0, frame.length);
      return at;
    }
    return to;
  }

  /** Looks at as much of the header as has arrived. */
  #refuses(bytes: Buffer, at: number, to: number): boolean {
    if (to - at < 2) return false;
    const [first, second] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
    const problem = problemWith(first, second, this.#message !== undefined);
    if (problem !== undefined) this.#refuse(PROTOCOL_ERROR, problem);
    else if ((first & OPCODE) < Opcode.close && to - at >= headerBytes(second)) {
      const bytesOfMessage = (this.#message?.length ?? 0) + payloadBytes(bytes, at);
      if (bytesOfMessage > FRAME_BYTES_MAX) this.#refuse(CloseCode.tooLarge, 'frame too large');
    }
    return this.#ended;
  }

  /** A whole frame whose header is in order. */
  #frame(bytes: Buffer, at: number, end: number): void {
    const [first, start] = [bytes[at] ?? 0, at + headerBytes(bytes[at + 1])];
    const opcode = first & OPCODE;
    if (opcode === Opcode.ping) this.#sink.pinged(bytes.subarray(start, end));
    else if (opcode === Opcode.pong) this.#sink.ponged();
    else if (opcode === Opcode.close) this.#closeFrame(bytes, start, end);
    else this.#fragment(opcode, (first & FINAL) !== 0, bytes, start, end);
  }

  #fragment(opcode: number, isFinal: boolean, bytes: Buffer, start: number, end: number): void {
    if (opcode !== Opcode.continuation) this.#messageIsBinary = opcode === Opcode.binary;
    const message = this.#message ?? new ByteQueue();
    message.append(bytes, start, end);
    this.#message = isFinal ? undefined : message;
    if (!isFinal) return;
    if (this.#messageIsBinary) this.#sink.receivedBinary(message.view());
    else this.#text(message.view(), 0, message.length);
  }

  #text(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('utf8', start, end);
    if (isIntact(text, bytes, start, end)) this.#sink.received(text);
    else this.#refuse(INVALID_TEXT, 'a text is not UTF-8');
  }

  #closeFrame(bytes: Buffer, start: number, end: number): void {
    const code = end > start ? bytes.readUInt16BE(start) : NO_CODE;
    const reason = bytes.toString('utf8', start + 2, end);
    if (end > start && !isSendableCloseCode(code))
      this.#refuse(PROTOCOL_ERROR, `a close frame has the code ${code}`);
    else if (!isIntact(reason, bytes, start + 2, end))
      this.#refuse(INVALID_TEXT, 'the reason of a close frame is not UTF-8');
    else {
      this.#ended = true;
      this.#sink.closing(code, reason);
    }
  }

  #refuse(code: number, reason: string): void {
    this.#ended = true;
    this.#cut = undefined;
    this.#message = undefined;
    this.#sink.refused(code, reason);
  }
}

/** Bytes of the frame at `at`, or of its header alone as long as that has not arrived: more than there are. */
function frameBytes(bytes: Buffer, at: number, to: number): number {
  if (to - at < 2) return 2;
  const header = headerBytes(bytes[at + 1]);
  return to - at < header ? header : header + payloadBytes(bytes, at);
}

function headerBytes(second = 0): number {
  const length = second & LENGTH;
  return length < LENGTH_IN_2_BYTES ? 2 : length === LENGTH_IN_2_BYTES ? 4 : 10;
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & LENGTH;
  if (length < LENGTH_IN_2_BYTES) return length;
  if (length === LENGTH_IN_2_BYTES) return bytes.readUInt16BE(at + 2);
  return bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
}

function problemWith(first: number, second: number, isFragmented: boolean): string | undefined {
  const opcode = first & OPCODE;
  const isControl = opcode >= Opcode.close;
  const length = second & LENGTH;
  if ((first & RESERVED) !== 0) return 'a frame has reserved bits set';
  if (opcode > Opcode.pong || (opcode > Opcode.binary && !isControl))
    return `a frame has the opcode ${opcode}`;
  if ((second & MASKED) !== 0) return 'a frame of the server is masked';
  if (isControl && (first & FINAL) === 0) return 'a control frame is fragmented';
  if (isControl && length > CONTROL_BYTES_MAX)
    return `a control frame is longer than ${CONTROL_BYTES_MAX} bytes`;
  if (opcode === Opcode.close && length === 1) return 'a close frame has half a code';
  if (opcode === Opcode.continuation && !isFragmented) return 'a continuation frame continues nothing';
  if (opcode !== Opcode.continuation && !isControl && isFragmented)
    return 'a message begins within a fragmented one';
  return undefined;
}

/** A string of one-byte characters is searched for U+FFFD at no cost, so that only suspects are validated. */
function isIntact(text: string, bytes: Buffer, start: number, end: number): boolean {
  return !text.includes(REPLACEMENT) || isUtf8(bytes.subarray(start, end));
}
