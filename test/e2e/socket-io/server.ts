import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import { Server, type Socket } from 'socket.io';

export const EVENT = 'said';

export interface ServerOptions {
  /** With connection state recovery. */
  readonly recovery: boolean;
  readonly port?: number;
  readonly pingInterval?: number;
  readonly pingTimeout?: number;
}

/** A server of somebody who read the first page of the documentation: rooms to join, messages to say. */
export class ChatServer {
  readonly io: Server;
  readonly port: number;
  /** What clients said, as JSON. */
  readonly taken: string[] = [];
  readonly #http: HttpServer;
  readonly #sockets: Set<TcpSocket>;

  static async start(options: ServerOptions): Promise<ChatServer> {
    const http = createServer();
    const sockets = new Set<TcpSocket>();
    http.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
    return new ChatServer(http, sockets, options);
  }

  private constructor(http: HttpServer, sockets: Set<TcpSocket>, options: ServerOptions) {
    this.#http = http;
    this.#sockets = sockets;
    this.port = (http.address() as AddressInfo).port;
    this.io = new Server(http, {
      ...(options.recovery ? { connectionStateRecovery: {} } : {}),
      pingInterval: options.pingInterval ?? 25_000,
      pingTimeout: options.pingTimeout ?? 20_000,
      serveClient: false,
    });
    this.io.on('connection', (socket) => this.#greet(socket));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Sends a frame as it is, past everything that Socket.IO does. */
  say(text: string): void {
    for (const { conn } of this.io.sockets.sockets.values()) {
      const { transport } = conn as unknown as {
        readonly transport: { readonly socket: { send(text: string): void } };
      };
      transport.socket.send(text);
    }
  }

  /** Breaks every connection: with a FIN, with an RST, or with a close frame of the Engine.IO server. */
  cut(how: 'fin' | 'rst' | 'close'): void {
    if (how === 'close') {
      for (const { conn } of this.io.sockets.sockets.values()) conn.close();
      return;
    }
    for (const socket of this.#sockets) {
      if (how === 'fin') socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  /** The process is gone: every socket, and every session with it. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      void this.io.close(() => resolve());
      this.#http.close();
    });
  }

  #greet(socket: Socket): void {
    socket.on('join', (room: string, done?: (answer: { ok: boolean }) => void) => {
      void socket.join(room);
      done?.({ ok: room !== 'secret' });
    });
    socket.on(EVENT, (room: string, payload: unknown, done?: (answer: { ok: boolean }) => void) => {
      this.taken.push(payload instanceof Buffer ? payload.toString() : JSON.stringify(payload));
      this.io.to(room).emit(EVENT, payload);
      done?.({ ok: true });
    });
  }
}
