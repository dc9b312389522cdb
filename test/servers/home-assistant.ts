import type { WebSocket } from 'ws';
import { Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

/** Home Assistant: auth first, ids that have to grow, events under the id of their subscription, and no resume. */
export function homeAssistant(options: { readonly defect?: Defect } = {}): Promise<SmallServer> {
  const subscriptions = new Map<WebSocket, { readonly id: unknown; readonly type: unknown }[]>();
  const copies = new Copies(options.defect ?? 'none');
  const fire = (type: unknown, data: unknown): void => {
    for (const [socket, own] of subscriptions)
      for (const { id } of own.filter((subscription) => subscription.type === type))
        for (let copy = copies.next(); copy > 0; copy -= 1)
          send(socket, { id, type: 'event', event: { event_type: type, data, origin: 'LOCAL' } });
  };
  return listen({
    onConnection(socket) {
      let lastId = 0;
      let known = false;
      send(socket, { type: 'auth_required', ha_version: '2026.1' });
      frames(socket, (frame) => {
        const { type, id } = frame;
        if (!known) {
          known = type === 'auth' && String(frame.access_token).startsWith('token-');
          send(socket, { type: known ? 'auth_ok' : 'auth_invalid' });
          if (!known) socket.close();
          return;
        }
        if (typeof id !== 'number' || id <= lastId) {
          send(socket, { id, type: 'result', success: false, error: { code: 'id_reuse' } });
          return;
        }
        lastId = id;
        if (type === 'ping') {
          send(socket, { id, type: 'pong' });
          return;
        }
        if (type === 'subscribe_events') {
          const own = subscriptions.get(socket) ?? [];
          subscriptions.set(socket, own);
          own.push({ id, type: frame.event_type });
        }
        send(socket, { id, type: 'result', success: true, result: null });
        if (type === 'fire_event') fire(frame.event_type, frame.event_data);
      });
      socket.on('close', () => subscriptions.delete(socket));
    },
  });
}
