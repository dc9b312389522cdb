import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { Broadcaster } from '../../src/broadcaster/broadcaster.ts';
import { DEFAULT_SETTINGS } from '../../src/broadcaster/setting-table.ts';
import type { Link } from '../../src/protocol/ports.ts';
import { Machine } from '../../src/world/real/machine.ts';
import { WsLink } from '../../src/world/real/ws-link.ts';
import { takerOf } from '../world/real/taker.ts';

interface TargetServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Agrees to permessage-deflate. */
  readonly compression?: boolean;
  /** Of those that are offered; absent: the first. */
  readonly subprotocol?: string;
  /** Another address of this server, with the same rooms and sessions. */
  readonly beside?: TargetServer;
  /** Answers a handshake in its own way. @returns true when it did */
  readonly answer?: (request: IncomingMessage, socket: Duplex) => boolean;
}

/** One opening handshake, as the server saw it. */
interface Handshake {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly servername: string | false | null | undefined;
  readonly atMs: number;
}

/** Somebody else's server of wsdeliver.v1, on `ws` in the process of the test, which remembers every handshake. */
export class TargetServer {
  readonly handshakes: Handshake[] = [];
  /** Extensions that were agreed on, of each connection. */
  readonly extensions: string[] = [];
  readonly #server: Server;
  readonly #machine = new Machine(1);
  readonly #broadcaster: Broadcaster;
  readonly #links = new Set<Link>();
  readonly #isTls: boolean;

  constructor(options: TargetServerOptions = {}) {
    const { tls, compression = false, answer, subprotocol, beside } = options;
    this.#isTls = tls !== undefined;
    this.#server = tls === undefined ? createServer() : createSecureServer(tls);
    this.#broadcaster =
      beside === undefined
        ? new Broadcaster({ settings: { ...DEFAULT_SETTINGS, ackTimeoutMs: 1000 }, ports: this.#machine })
        : beside.#broadcaster;
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: compression,
      handleProtocols: (offered) => subprotocol ?? [...offered][0] ?? false,
    });
    const taker = takerOf((link) => {
      this.#links.add(link);
      return this.#broadcaster.accept(link);
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const { servername } = socket as Partial<TLSSocket>;
      const { url = '', headers } = request;
      this.handshakes.push({ url, headers, servername, atMs: performance.now() });
      if (answer?.(request, socket) === true) return;
      sockets.handleUpgrade(request, socket, head, (ws) => {
        this.extensions.push(ws.extensions);
        WsLink.accept(ws, taker, request);
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.#isTls ? 'wss' : 'ws'}://${this.host}`;
  }

  /** Drops every connection. */
  dropAll(): void {
    for (const link of this.#links) link.terminate();
    this.#links.clear();
  }

  close(): void {
    this.#broadcaster.stop('goodbye');
    this.dropAll();
    this.#server.close();
    this.#server.closeAllConnections();
    this.#machine.close();
  }
}

/** An answer without a WebSocket, for `answer`. */
export function answerWith(socket: Duplex, status: string, headers: readonly string[] = []): true {
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join('')}Content-Length: 0\r\n\r\n`,
  );
  return true;
}
