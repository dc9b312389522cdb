import type { WebSocket } from 'ws';
import { Copies, type Defect, listen, type SmallServer } from './listen.ts';

/** A home-made chat: actions join and message, several lines of JSON in one frame, no confirmation of anything. */
export function chat(
  options: { readonly defect?: Defect; readonly joinDelayMs?: number } = {},
): Promise<SmallServer> {
  const rooms = new Map<string, Set<WebSocket>>();
  const copies = new Copies(options.defect ?? 'none');
  const queued = new Map<WebSocket, string[]>();
  const flush = setInterval(() => {
    for (const [socket, lines] of queued) if (socket.readyState === 1) socket.send(lines.join('\n'));
    queued.clear();
  }, 5);
  const serving = listen({
    onConnection(socket) {
      socket.on('message', (data) => {
        const { action, room, content } = JSON.parse(String(data)) as Record<string, unknown>;
        const name = String(room);
        const members = rooms.get(name) ?? new Set();
        rooms.set(name, members);
        if (action === 'join')
          setTimeout(() => socket.readyState === 1 && members.add(socket), options.joinDelayMs ?? 0);
        if (action !== 'message') return;
        const line = JSON.stringify({ type: 'message', room, content, at: Date.now() });
        for (const member of members)
          for (let copy = copies.next(); copy > 0; copy -= 1) {
            const lines = queued.get(member) ?? [];
            queued.set(member, lines);
            lines.push(line);
          }
      });
      socket.on('close', () => {
        for (const members of rooms.values()) members.delete(socket);
      });
    },
  });
  return serving.then((server) => ({
    port: server.port,
    close: () => {
      clearInterval(flush);
      return server.close();
    },
  }));
}
