import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Ports from here on are not reserved for well-known services. */
const FIRST = 10_000;
/** Where the system does not say from which port on it takes ports for connections. */
const FIRST_OF_CONNECTIONS = 32_768;
const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const TRIES_MAX = 200;

/**
 * A port that nobody listens on, below those that the system gives to outgoing connections: the thousands of
 * connections of a run must not take the port of a service while it is down.
 */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  const end = firstOfConnections();
  const first = Math.min(FIRST, end - 1000);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(Math.max(1024, first), Math.max(1100, end));
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  return anyPort();
}

/** Whether a server could listen on it now, at every address of this machine. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

async function anyPort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('Cannot find a free port: the system gives none');
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
}

function firstOfConnections(): number {
  try {
    const first = Number(/^\d+/.exec(readFileSync(RANGE, 'utf8'))?.[0]);
    return first > 2000 ? first : FIRST_OF_CONNECTIONS;
  } catch {
    return FIRST_OF_CONNECTIONS;
  }
}
