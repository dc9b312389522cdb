import type { WebSocket } from 'ws';
import { Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

/** AppSync Events: headers in a subprotocol, events as JSON in a string, publishes over the same socket. */
export function appsyncEvents(options: { readonly defect?: Defect } = {}): Promise<SmallServer> {
  const subscriptions = new Map<WebSocket, Map<string, string>>();
  const copies = new Copies(options.defect ?? 'none');
  return listen({
    protocols: (offered) => (offered.has('aws-appsync-event-ws') ? 'aws-appsync-event-ws' : false),
    onConnection(socket, request) {
      const header = request.headers['sec-websocket-protocol']
        ?.split(/, */)
        .find((name) => name.startsWith('header-'));
      const { host, 'x-api-key': key } = headerOf(header);
      if (host === undefined || key !== 'da2-test') {
        socket.close(4401, 'UnauthorizedException');
        return;
      }
      const own = new Map<string, string>();
      subscriptions.set(socket, own);
      const alive = setInterval(() => send(socket, { type: 'ka' }), 300);
      frames(socket, ({ type, id, channel, events }) => {
        if (type === 'connection_init')
          send(socket, { type: 'connection_ack', connectionTimeoutMs: 300_000 });
        else if (type === 'subscribe') {
          own.set(String(id), String(channel));
          send(socket, { type: 'subscribe_success', id });
        } else if (type === 'publish') {
          const list = events as string[];
          send(socket, {
            type: 'publish_success',
            id,
            successful: list.map((_, index) => ({ index })),
            failed: [],
          });
          for (const event of list) broadcast(String(channel), event);
        }
      });
      socket.on('close', () => {
        clearInterval(alive);
        subscriptions.delete(socket);
      });
    },
  });

  function broadcast(channel: string, event: string): void {
    for (const [socket, own] of subscriptions)
      for (const [id, name] of own)
        if (name === channel)
          for (let copy = copies.next(); copy > 0; copy -= 1) send(socket, { type: 'data', id, event });
  }
}

function headerOf(text = 'header-'): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(text.slice('header-'.length), 'base64url').toString()) as Record<
      string,
      unknown
    >;
  } catch {
    return {};
  }
}
