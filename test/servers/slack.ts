import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { answer, Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

interface App {
  socket: WebSocket | undefined;
  /** Envelopes without an ack. */
  readonly open: Map<string, unknown>;
}

/** Slack Socket Mode: a one-time address over HTTP, and envelopes that are sent again until they are acked. */
export function slack(options: { readonly defect?: Defect } = {}): Promise<SmallServer> {
  const apps = new Map<string, App>();
  const tickets = new Map<string, App>();
  const copies = new Copies(options.defect ?? 'none');
  let port = 0;
  const serving = listen({
    onConnection(socket, request) {
      const ticket = new URL(request.url ?? '', 'http://x').searchParams.get('ticket') ?? '';
      const app = tickets.get(ticket);
      tickets.delete(ticket);
      if (app === undefined) {
        socket.close(1008, 'ticket');
        return;
      }
      app.socket = socket;
      send(socket, { type: 'hello', num_connections: 1 });
      for (const envelope of app.open.values()) send(socket, { ...(envelope as object), retry_attempt: 1 });
      frames(socket, ({ envelope_id }) => app.open.delete(String(envelope_id)));
      socket.on('close', () => {
        if (app.socket === socket) app.socket = undefined;
      });
    },
    onRequest(request, { text }, response) {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (request.url === '/api/apps.connections.open') {
        if (!token.startsWith('xapp-')) return answer(response, 200, { ok: false, error: 'invalid_auth' });
        const app = apps.get(token) ?? { socket: undefined, open: new Map<string, unknown>() };
        apps.set(token, app);
        const ticket = randomUUID();
        tickets.set(ticket, app);
        return answer(response, 200, { ok: true, url: `ws://127.0.0.1:${port}/link/?ticket=${ticket}` });
      }
      const event_id = randomUUID();
      for (const app of apps.values())
        for (let copy = copies.next(); copy > 0; copy -= 1) {
          const envelope_id = randomUUID();
          const payload = { event_id, event: { type: 'message', text } };
          const envelope = { envelope_id, type: 'events_api', payload, retry_attempt: 0 };
          app.open.set(envelope_id, envelope);
          if (app.socket !== undefined) send(app.socket, envelope);
        }
      answer(response, 200, { ok: true });
    },
  });
  return serving.then((server) => {
    port = server.port;
    return server;
  });
}
