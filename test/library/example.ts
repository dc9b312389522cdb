import { createServer, type Server } from 'node:http';
// In a project of your own: from 'wsdeliver'.
import { createBroadcaster, type DeliveringBroadcaster } from '../../src/library.ts';

/** A server of one's own that delivers: what is published while a client is away waits for it. */
export async function serveTicks(
  port: number,
): Promise<{ server: Server; broadcaster: DeliveringBroadcaster }> {
  const broadcaster = createBroadcaster({
    delivery: 'effectively-once',
    overflow: 'pause',
    onMessage: ({ type }) => (type === 'note' ? undefined : `unknown type ${type}`),
  });
  broadcaster.on('sessionOpened', ({ clientId }) => void broadcaster.publish('*', 'arrived', { clientId }));
  broadcaster.on('deadLetter', ({ clientId, type }) =>
    console.error(`${clientId} could not handle a ${type}`),
  );
  const server = createServer((_request, response) => response.end(JSON.stringify(broadcaster.statistics())));
  broadcaster.attach(server, { path: '/live' });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const timer = setInterval(() => void broadcaster.publish('ticks', 'tick', { at: Date.now() }), 100);
  server.on('close', () => clearInterval(timer));
  return { server, broadcaster };
}
