import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const KEPT_LENGTH_MAX = 4_000_000;
const [TEXT, PING, FINAL, MASKED] = [0x1, 0x9, 0x80, 0x80];
export const FINAL_TEXT = FINAL | TEXT;

/** A client's frame, masked with zeros. @param first - FIN, reserved bits and opcode */
export function frameOf(payload: string | Buffer, first: number = FINAL_TEXT): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return Buffer.concat([headerOf(bytes.length, first), bytes]);
}

/** The header of a frame whose payload is as long as that, or is said to be. */
export function headerOf(length: number, first: number = FINAL_TEXT): Buffer {
  const header = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  header[0] = first;
  if (length < 126) header[1] = MASKED | length;
  else if (length < 65_536) {
    header[1] = MASKED | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = MASKED | 127;
    header.writeUInt32BE(length, 6);
  }
  return header;
}

export const PING_FRAME = frameOf(Buffer.alloc(125, 'p'), FINAL | PING);

/** A socket that says whatever it likes, as fast as the kernel takes it, and reads unless told not to. */
export class RawClient {
  readonly socket: Socket;
  closed = false;
  #received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      if (this.#received.length < KEPT_LENGTH_MAX) this.#received += chunk.toString('latin1');
    });
  }

  /** Opens a WebSocket. */
  static async open(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const client = new RawClient(connect(Number(port), hostname));
    await once(client.socket, 'connect');
    client.socket.write(
      `GET / HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: wsdeliver.v1\r\n\r\n',
    );
    await client.until('\r\n\r\n');
    return client;
  }

  /** Opens one and has a session of its own. @throws {Error} when the server refuses it */
  static async welcomed(url: string, clientId: string, rooms: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.open(url);
    client.say({ kind: 'hello', clientId, rooms });
    await client.until('"welcome"');
    if (!client.#received.includes('"welcome"'))
      throw new Error(`The server did not welcome ${clientId}: ${JSON.stringify(client.#received)}`);
    return client;
  }

  say(frame: object): void {
    this.write(frameOf(JSON.stringify(frame)));
  }

  write(bytes: Buffer): void {
    if (!this.closed) this.socket.write(bytes);
  }

  /** Waits for a text, what came before included, or for the end of the connection. */
  async until(text: string): Promise<void> {
    while (!this.#received.includes(text) && !this.closed) await pause(2);
  }

  /** Writes the same again and again until that instant, waiting only while the kernel takes no more. */
  async flood(bytes: Buffer, untilMs: number): Promise<void> {
    while (performance.now() < untilMs && !this.closed) {
      if (this.socket.write(bytes)) await pause(0);
      else
        await Promise.race([once(this.socket, 'drain').catch(() => {}), pause(untilMs - performance.now())]);
    }
  }

  stopReading(): void {
    this.socket.pause();
  }

  drop(): void {
    this.socket.destroy();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
