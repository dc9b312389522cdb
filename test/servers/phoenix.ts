import type { WebSocket } from 'ws';
import { Copies, type Defect, listen, type SmallServer, send } from './listen.ts';

type Frame = readonly [joinRef: unknown, ref: unknown, topic: string, event: string, payload: unknown];

/** Phoenix channels, version 2.0.0 of the serializer: frames are arrays of five, and nothing is resumed. */
export function phoenix(options: { readonly defect?: Defect } = {}): Promise<SmallServer> {
  const joined = new Map<WebSocket, Map<string, unknown>>();
  const copies = new Copies(options.defect ?? 'none');
  return listen({
    onConnection(socket) {
      const topics = new Map<string, unknown>();
      joined.set(socket, topics);
      socket.on('message', (data) => {
        const [joinRef, ref, topic, event, payload] = JSON.parse(String(data)) as Frame;
        const reply = (status: string): void =>
          send(socket, [joinRef, ref, topic, 'phx_reply', { status, response: {} }]);
        if (event === 'heartbeat') reply('ok');
        else if (event === 'phx_join') {
          topics.set(topic, joinRef);
          reply('ok');
        } else if (topics.get(topic) !== joinRef) reply('error');
        else {
          reply('ok');
          for (const [other, theirs] of joined)
            if (theirs.has(topic))
              for (let copy = copies.next(); copy > 0; copy -= 1)
                send(other, [null, null, topic, event, payload]);
        }
      });
      socket.on('close', () => joined.delete(socket));
    },
  });
}
