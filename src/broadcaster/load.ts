import type { HeldBytes } from '../protocol/held-bytes.ts';
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
  /** Bytes of the fullest outbox; what it shares with others counts in full. */
  readonly outboxBytesMax: number;
  /** Of all outboxes together; what they share counts once. */
  readonly outboxBytesTotal: number;
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
export function loadOf(store: MemoryStore, connections: ReadonlySet<Connection>, heldBytes: HeldBytes): Load {
  let [pendingMax, pendingTotal, outboxBytesMax] = [0, 0, 0];
  let [bufferBytesMax, bufferBytesTotal, healthy] = [0, 0, 0];
  for (const { outbox } of store.sessions()) {
    pendingMax = Math.max(pendingMax, outbox.pending);
    pendingTotal += outbox.pending;
    outboxBytesMax = Math.max(outboxBytesMax, outbox.bytes);
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
    outboxBytesMax,
    outboxBytesTotal: heldBytes.held,
    bufferBytesMax,
    bufferBytesTotal,
  };
}
