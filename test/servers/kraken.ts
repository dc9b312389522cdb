import type { WebSocket } from 'ws';
import { answer, Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

/** Kraken, version 1: data are arrays that begin with the number of a channel; a heartbeat where nothing else comes. */
export function kraken(options: { readonly defect?: Defect } = {}): Promise<SmallServer> {
  const pairs: string[] = [];
  const subscribers = new Map<WebSocket, Set<string>>();
  const copies = new Copies(options.defect ?? 'none');
  const channelOf = (pair: string): number => {
    if (!pairs.includes(pair)) pairs.push(pair);
    return 100 + pairs.indexOf(pair);
  };
  return listen({
    onConnection(socket) {
      const own = new Set<string>();
      subscribers.set(socket, own);
      send(socket, { event: 'systemStatus', status: 'online', version: '1.9.0' });
      const heartbeat = setInterval(() => send(socket, { event: 'heartbeat' }), 200);
      frames(socket, ({ event, reqid, pair, subscription }) => {
        if (event === 'ping') send(socket, { event: 'pong', reqid });
        if (event !== 'subscribe') return;
        for (const name of pair as string[]) {
          own.add(name);
          const channelID = channelOf(name);
          send(socket, {
            channelID,
            event: 'subscriptionStatus',
            pair: name,
            reqid,
            status: 'subscribed',
            subscription,
          });
        }
      });
      socket.on('close', () => {
        clearInterval(heartbeat);
        subscribers.delete(socket);
      });
    },
    /** Somebody trades. */
    onRequest(_request, { pair, trade }, response) {
      const name = String(pair);
      for (const [socket, own] of subscribers)
        if (own.has(name))
          for (let copy = copies.next(); copy > 0; copy -= 1)
            send(socket, [channelOf(name), [trade], 'trade', name]);
      answer(response, 200, {});
    },
  });
}
