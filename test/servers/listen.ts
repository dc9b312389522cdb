import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A small server of somebody's protocol, which knows nothing of this project. */
export interface SmallServer {
  readonly port: number;
  /** Ends everything. */
  close(): Promise<void>;
}

/** What a broken variant of a server does to every fiftieth message, in front of its first recipient. */
export type Defect = 'none' | 'drops' | 'repeats';

export interface Handlers {
  /** @param path - of the handshake, with its query */
  onConnection(socket: WebSocket, request: IncomingMessage): void;
  /** A request over HTTP, with its body parsed as JSON. */
  onRequest?(request: IncomingMessage, body: Record<string, unknown>, response: ServerResponse): void;
  readonly protocols?: (offered: ReadonlySet<string>) => string | false;
}

/** Listens on a free port of 127.0.0.1. */
export async function listen(handlers: Handlers): Promise<SmallServer> {
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      if (handlers.onRequest === undefined) response.writeHead(404).end();
      else handlers.onRequest(request, body, response);
    });
  });
  const { protocols } = handlers;
  const sockets = new WebSocketServer({
    server: http,
    perMessageDeflate: false,
    ...(protocols === undefined ? {} : { handleProtocols: protocols }),
  });
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => {});
    handlers.onConnection(socket, request);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    port: (http.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        sockets.close();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

/** How often a message is to be sent to one recipient: once, unless the server is broken. */
export class Copies {
  readonly #defect: Defect;
  #count = 0;

  constructor(defect: Defect) {
    this.#defect = defect;
  }

  next(): number {
    this.#count += 1;
    if (this.#defect === 'none' || this.#count % 50 !== 0) return 1;
    return this.#defect === 'drops' ? 0 : 2;
  }
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function send(socket: WebSocket, frame: unknown): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
}

export function frames(socket: WebSocket, onFrame: (frame: Record<string, unknown>) => void): void {
  socket.on('message', (data) => onFrame(JSON.parse(String(data)) as Record<string, unknown>));
}
