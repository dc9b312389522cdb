import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Upgrade } from '../world/real/upgrade.ts';
import { BroadcasterError } from './error.ts';

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const EVERY_PATH = Symbol('every path');

type Path = string | typeof EVERY_PATH;

const attachments = new WeakMap<Server, Attachments>();

/**
 * The broadcasters that are attached to one HTTP server, each to a path or to every path that no other has. They share
 * one listener, so that each upgrade is taken by one of them; where nobody else listens, the rest gets 404.
 */
class Attachments {
  readonly #server: Server;
  readonly #takers = new Map<Path, Upgrade>();

  constructor(server: Server) {
    this.#server = server;
  }

  add(path: Path, take: Upgrade): () => void {
    if (this.#takers.has(path)) {
      const where = path === EVERY_PATH ? 'without a path' : `for the path "${String(path)}"`;
      throw new BroadcasterError(
        'already-attached',
        `Cannot attach to the server: a broadcaster is attached ${where}, another path is wanted`,
      );
    }
    if (this.#takers.size === 0) this.#server.on('upgrade', this.#onUpgrade);
    this.#takers.set(path, take);
    return () => this.#remove(path, take);
  }

  #remove(path: Path, take: Upgrade): void {
    if (this.#takers.get(path) !== take) return;
    this.#takers.delete(path);
    if (this.#takers.size === 0) this.#server.off('upgrade', this.#onUpgrade);
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = request.url?.split('?')[0] ?? '';
    const take = this.#takers.get(path) ?? this.#takers.get(EVERY_PATH);
    if (take !== undefined) take(request, socket, head);
    else if (this.#server.listenerCount('upgrade') === 1) socket.end(NOT_FOUND);
  };
}

/**
 * @param path - absent: every path that no other broadcaster has
 * @returns detaches
 * @throws {BroadcasterError} `already-attached`
 */
export function attachTo(server: Server, path: string | undefined, take: Upgrade): () => void {
  const known = attachments.get(server) ?? new Attachments(server);
  attachments.set(server, known);
  return known.add(path ?? EVERY_PATH, (...upgrade) => take(...upgrade));
}
