import type { Connection } from './connection.ts';
import type { MemoryStore } from './store.ts';

/** What the broadcaster holds at one instant. */
export interface Load {
  readonly connections: number;
  /** Connections whose heartbeat has missed nothing. */
  readonly healthy: number;
  readonly sessions: number;
  readonly absent: number;
  readonly pendingMax: number;
  readonly pendingTotal: number;
  readonly bufferBytesMax: number;
  readonly bufferBytesTotal: number;
}

export interface SessionState {
  readonly clientId: string;
  readonly pending: number;
  /** Losses that the client has yet to confirm it was told of. */
  readonly gaps: number;
  readonly connected: boolean;
  /** When it looks again for something to send, µs; -1 when it waits for somebody else. */
  readonly nextTryUs: number;
}

/** Walks over all sessions and connections. */
export function loadOf(store: MemoryStore, connections: ReadonlySet<Connection>): Load {
  let [pendingMax, pendingTotal, bufferBytesMax, bufferBytesTotal, healthy] = [0, 0, 0, 0, 0];
  for (const session of store.sessions()) {
    pendingMax = Math.max(pendingMax, session.outbox.pending);
    pendingTotal += session.outbox.pending;
  }
  for (const { link, heartbeat } of connections) {
    if (heartbeat?.healthy) healthy += 1;
    bufferBytesMax = Math.max(bufferBytesMax, link.bufferedBytes);
    bufferBytesTotal += link.bufferedBytes;
  }
  return {
    connections: connections.size,
    healthy,
    sessions: store.size,
    absent: store.absent,
    pendingMax,
    pendingTotal,
    bufferBytesMax,
    bufferBytesTotal,
  };
}
