import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { answer, Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

interface Session {
  readonly id: string;
  readonly events: string[];
  socket: WebSocket | undefined;
}

/**
 * The gateway of Discord: operations by number, a heartbeat with the last sequence, a resume on another address, and an
 * invalid session when there is nothing to resume.
 */
export function discord(
  options: { readonly defect?: Defect; readonly forgets?: boolean; readonly heartbeatMs?: number } = {},
): Promise<SmallServer> {
  const sessions = new Map<string, Session>();
  const copies = new Copies(options.defect ?? 'none');
  const heartbeatMs = options.heartbeatMs ?? 500;
  let port = 0;
  const dispatch = (session: Session, t: string, d: unknown): void => {
    const text = JSON.stringify({ op: 0, t, s: session.events.length + 1, d });
    session.events.push(text);
    if (session.socket?.readyState === 1) session.socket.send(text);
  };
  const serving = listen({
    onConnection(socket, request) {
      let session: Session | undefined;
      let beats = Date.now();
      const watch = setInterval(() => {
        if (Date.now() - beats > 3 * heartbeatMs) socket.close(4009, 'Session timed out');
      }, heartbeatMs);
      send(socket, { op: 10, d: { heartbeat_interval: heartbeatMs }, s: null, t: null });
      frames(socket, ({ op, d }) => {
        const data = d as Record<string, unknown>;
        if (op === 1) {
          beats = Date.now();
          send(socket, { op: 11 });
        } else if (op === 2) {
          session = { id: randomUUID(), events: [], socket };
          sessions.set(session.id, session);
          const gateway = `ws://127.0.0.1:${port}/resume`;
          dispatch(session, 'READY', { session_id: session.id, resume_gateway_url: gateway });
        } else if (op === 6) {
          session = sessions.get(String(data.session_id));
          if (session === undefined || !request.url?.startsWith('/resume')) {
            send(socket, { op: 9, d: false });
            return;
          }
          session.socket = socket;
          for (const text of session.events.slice(Number(data.seq))) socket.send(text);
          dispatch(session, 'RESUMED', {});
        }
      });
      socket.on('close', (code) => {
        clearInterval(watch);
        if (session === undefined) return;
        if (session.socket === socket) session.socket = undefined;
        if (options.forgets === true || code === 1000 || code === 1001) sessions.delete(session.id);
      });
    },
    onRequest(request, { content }, response) {
      if (request.method === 'GET') {
        answer(response, 200, { url: `ws://127.0.0.1:${port}/` });
        return;
      }
      for (const session of sessions.values())
        for (let copy = copies.next(); copy > 0; copy -= 1) dispatch(session, 'MESSAGE_CREATE', { content });
      answer(response, 200, {});
    },
  });
  return serving.then((server) => {
    port = server.port;
    return server;
  });
}
