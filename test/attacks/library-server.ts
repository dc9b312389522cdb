import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBroadcaster } from '../../src/library.ts';
import { RESUME_TTL_MS, UNCAPPED } from './targets.ts';

/** A server of somebody's own that uses the library, and takes whatever its clients send. */
const server = createServer();
const broadcaster = createBroadcaster({
  resumeTtlMs: RESUME_TTL_MS,
  onMessage: () => undefined,
  connectionsMax: UNCAPPED,
  sessionsMax: UNCAPPED,
  framesPerSecMax: UNCAPPED,
  connectionsPerSecMax: UNCAPPED,
  connectionsPerSecPerAddressMax: UNCAPPED,
});
broadcaster.attach(server);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`on ws://127.0.0.1:${(server.address() as AddressInfo).port},\n`);
});
