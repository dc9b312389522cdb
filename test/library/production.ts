import { createServer, type IncomingMessage, type Server } from 'node:http';
// In a project of your own: from 'wsdeliver'.
import { createBroadcaster, type DeliveringBroadcaster, type Verdict } from '../../src/library.ts';

interface User {
  readonly name: string;
  readonly rooms: readonly string[];
}

/** Whoever holds a ticket of the application, in the query of the address, is the user that it was made for. */
function authorize(request: IncomingMessage, users: ReadonlyMap<string, User>): Verdict {
  const ticket = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ticket') ?? '';
  const user = users.get(ticket);
  if (user === undefined) return { allowed: false, reason: 'no such ticket' };
  return { allowed: true, clientId: user.name, context: user };
}

export async function serveUsers(
  users: ReadonlyMap<string, User>,
  port: number,
): Promise<{ server: Server; broadcaster: DeliveringBroadcaster }> {
  const broadcaster = createBroadcaster({
    origins: ['https://example.org'],
    authorize: (request) => authorize(request, users),
    canJoin: ({ context }, room) => (context as User).rooms.includes(room),
    canPublish: () => false,
    connectionsMax: 5000,
    sessionsMax: 10_000,
    outboxBytesTotalMax: 64 * 1024 * 1024,
  });
  broadcaster.on('refused', ({ what, clientId = '', reason }) =>
    console.error(`${what} ${clientId}: ${reason}`),
  );
  broadcaster.on('hookError', ({ hook, error }) => console.error(`${hook} failed`, error));
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') response.end(await broadcaster.metricsText());
    else response.writeHead(404).end();
  });
  broadcaster.attach(server, { path: '/live' });
  process.once('SIGTERM', () => void broadcaster.drain({ spreadMs: 5000 }).then(() => server.close()));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, broadcaster };
}
