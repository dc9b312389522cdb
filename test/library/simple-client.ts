import { WebSocket } from 'ws';

interface Frame {
  readonly kind?: string;
  readonly seq?: number;
  readonly type?: string;
  readonly payload?: unknown;
  readonly [field: string]: unknown;
}

/** A client as somebody writes it who has read the protocol: acks what it is sent, keeps every frame. */
export class SimpleClient {
  readonly frames: Frame[] = [];
  readonly #socket: WebSocket;
  readonly #answer: (frame: Frame) => string | undefined;
  closeCode = 0;

  private constructor(socket: WebSocket, answer: (frame: Frame) => string | undefined) {
    this.#socket = socket;
    this.#answer = answer;
    socket.on('error', () => {});
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      this.frames.push(frame);
      if (frame.seq === undefined || frame.type === undefined) return;
      const text = this.#answer(frame);
      if (text !== undefined) socket.send(text);
    });
  }

  /** @param answer - what it says to a message; an ack unless told otherwise */
  static async connect(
    url: string,
    hello: object,
    answer: (frame: Frame) => string | undefined = ({ seq }) => `{"kind":"ack","seq":${seq}}`,
  ): Promise<SimpleClient> {
    const socket = new WebSocket(url, 'wsdeliver.v1');
    const client = new SimpleClient(socket, answer);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    client.say({ kind: 'hello', ...hello });
    await client.until(({ kind }) => kind === 'welcome');
    return client;
  }

  say(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Waits for a frame, those that came before included. */
  async until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    const deadline = performance.now() + 5000;
    for (;;) {
      const found = this.frames.find(wanted);
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(`the frame never came: ${JSON.stringify(this.frames.slice(-5))}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Breaks the connection without a close frame. */
  async drop(): Promise<void> {
    this.#socket.terminate();
    while (this.closeCode === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
