import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A peer that speaks RFC 6455 byte by byte, right or wrong, and reads only when it is told to. */

export interface RawFrame {
  readonly first: number;
  readonly payload: Buffer;
  readonly masked: boolean;
}

const KEY = Buffer.from([0x12, 0x00, 0xff, 0x80]);
const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** @param claims - the length that the header tells, where that is not the payload's */
export function frame(first: number, payload: Buffer | string, { masked = true, claims = -1 } = {}): Buffer {
  const bytes = Buffer.from(payload);
  const length = claims < 0 ? bytes.length : claims;
  const maskBit = masked ? 0x80 : 0;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = maskBit | Math.min(length, length < 126 ? 125 : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([header, bytes]);
  return Buffer.concat([header, KEY, bytes.map((byte, at) => byte ^ (KEY[at % 4] ?? 0))]);
}

export function text(content: string | Buffer): Buffer {
  return frame(0x81, content);
}

/** The frames that lie whole in `bytes`, with their payload as it stands there. */
export function framesIn(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const second = bytes[at + 1] ?? 0;
    const short = second & 0x7f;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const length =
      lengthBytes === 0
        ? short
        : bytes.readUIntBE(at + 2 + Math.max(0, lengthBytes - 6), Math.min(6, lengthBytes));
    const start = at + 2 + lengthBytes + (second >= 0x80 ? 4 : 0);
    if (start + length > bytes.length) break;
    frames.push({
      first: bytes[at] ?? 0,
      payload: bytes.subarray(start, start + length),
      masked: second >= 0x80,
    });
    at = start + length;
  }
  return frames;
}

export class RawPeer {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  #ended = false;

  /** After its opening handshake. */
  static async open(port: number): Promise<RawPeer> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const peer = new RawPeer(socket);
    socket.write(UPGRADE);
    while (!peer.#received.includes('\r\n\r\n')) await once(socket, 'data');
    return peer;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('end', () => {
      this.#ended = true;
    });
    socket.on('close', () => {
      this.#ended = true;
    });
  }

  /** The server has said its last word. */
  get ended(): boolean {
    return this.#ended;
  }

  get frames(): RawFrame[] {
    const received = this.#received;
    return framesIn(received.subarray(received.indexOf('\r\n\r\n') + 4));
  }

  get closeCode(): number | undefined {
    const close = this.frames.find(({ first }) => first === 0x88);
    if (close === undefined) return undefined;
    return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE(0);
  }

  /** Sends `bytes` again and again, as fast as they are taken. */
  async flood(bytes: Buffer, { totalBytes, forMs }: { totalBytes: number; forMs: number }): Promise<void> {
    const chunk = Buffer.concat(new Array<Buffer>(Math.ceil(65_536 / bytes.length)).fill(bytes));
    const untilMs = performance.now() + forMs;
    for (
      let sent = 0;
      sent < totalBytes && !this.#ended && performance.now() < untilMs;
      sent += chunk.length
    ) {
      this.socket.write(chunk);
      while (this.socket.writableLength > 0 && !this.#ended && performance.now() < untilMs)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  get #received(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
