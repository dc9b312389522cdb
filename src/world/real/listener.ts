import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SUBPROTOCOL } from '../../protocol/frame.ts';
import { isLoopback } from './masking.ts';
import { linkUpgrade } from './upgrade.ts';
import type { LinkTaker } from './ws-link.ts';

const BACKLOG = 8192;
const UPGRADE_TIMEOUT_MS = 10_000;

export interface ListenOptions extends LinkTaker {
  /** 0: any that is free. */
  readonly port: number;
  readonly host: string;
  /** Who wants the port, for the message when it can't be had. */
  readonly purpose?: string;
  /** A connection could not be accepted; the listener goes on. */
  readonly onAcceptError?: (error: Error) => void;
  /**
   * Connections at once. The system closes those for which it has no descriptor without telling anybody, so a limit
   * below that of the system is the only way to know of them.
   */
  readonly connectionsMax?: number;
  /** A connection was closed at once, as there are too many. */
  readonly onTooMany?: () => void;
}

export interface Listener {
  readonly port: number;
  readonly url: string;
  /** Whether only this machine can connect. */
  readonly local: boolean;
  /** Stops listening at once, drops what is still connected, and resolves when the port is free. */
  close(): Promise<void>;
  /** Drops all sockets without close frames, and goes on listening. */
  destroyAll(): void;
}

/** The port can't be listened on: the user's to solve. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly port: number;
  readonly code: string;

  constructor(port: number, code: string, message: string) {
    super(message);
    this.port = port;
    this.code = code;
  }
}

/**
 * Listens for WebSockets of the protocol. A client that offers no subprotocol is taken as well; one that offers only
 * others gets 400, and any other request 426.
 *
 * @throws {ListenError} when the port is taken or not allowed
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const listener = new HttpListener(options);
  await listener.start();
  return listener;
}

class HttpListener implements Listener {
  readonly #options: ListenOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        headersTimeout: UPGRADE_TIMEOUT_MS,
        requestTimeout: UPGRADE_TIMEOUT_MS,
        connectionsCheckingInterval: 1000,
      },
      (_request, response) => {
        response.writeHead(426, {
          'content-type': 'text/plain',
          connection: 'Upgrade',
          upgrade: 'websocket',
        });
        response.end(`This port speaks WebSocket (subprotocol ${SUBPROTOCOL}) and nothing else.\n`);
      },
    );
    const sockets = this.#sockets;
    const forget = function (this: Socket): void {
      sockets.delete(this);
    };
    this.#server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', forget);
    });
    const { connectionsMax, onTooMany } = options;
    if (connectionsMax !== undefined) this.#server.maxConnections = connectionsMax;
    if (onTooMany !== undefined) this.#server.on('drop', () => onTooMany());
    this.#server.on('upgrade', linkUpgrade(options));
  }

  get port(): number {
    return this.#port;
  }

  get local(): boolean {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' && isLoopback(address.address);
  }

  get url(): string {
    const { host } = this.#options;
    return `ws://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  start(): Promise<void> {
    const { port, host, onAcceptError } = this.#options;
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => reject(this.#refusal(error));
      this.#server.once('error', refuse);
      this.#server.listen({ port, host, backlog: BACKLOG }, () => {
        this.#server.off('error', refuse);
        this.#server.on('error', (error) => onAcceptError?.(error));
        this.#port = portOf(this.#server.address());
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.destroyAll();
    });
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #refusal(error: NodeJS.ErrnoException): ListenError {
    const { port, host, purpose = 'the server' } = this.#options;
    return listenErrorFrom(error, { port, host, purpose });
  }
}

/** What a failed `listen` of any server means to whoever chose the port. */
export function listenErrorFrom(
  error: NodeJS.ErrnoException,
  { port, host, purpose }: { readonly port: number; readonly host: string; readonly purpose: string },
): ListenError {
  const code = error.code ?? '';
  return new ListenError(
    port,
    code,
    `Cannot listen on "${host}:${port}" for ${purpose}: ${explain(code, error)}`,
  );
}

function explain(code: string, error: Error): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process has the port, a free one is wanted (stop that process, or choose another port; 0 takes any)';
    case 'EACCES':
      return 'this user may not open the port, one above 1023 is wanted';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'no interface of this machine has the address, one that it has is wanted';
    default:
      return `${error.message}, a port that can be opened is wanted`;
  }
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string')
    throw new Error('a TCP server has an address with a port');
  return address.port;
}
