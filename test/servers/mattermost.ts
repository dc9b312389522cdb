import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { answer, Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

interface Connection {
  readonly id: string;
  readonly events: string[];
  socket: WebSocket | undefined;
}

/**
 * Mattermost: the events of a connection id are numbered from 0, the hello included. Who comes back with its id and the
 * next number gets what is missing and no hello; with an unknown id it gets a hello with another.
 */
export function mattermost(
  options: { readonly defect?: Defect; readonly forgets?: boolean } = {},
): Promise<SmallServer> {
  const connections = new Map<string, Connection>();
  const copies = new Copies(options.defect ?? 'none');
  const emit = (connection: Connection, event: string, data: unknown): void => {
    const text = JSON.stringify({ event, data, broadcast: {}, seq: connection.events.length });
    connection.events.push(text);
    if (connection.socket?.readyState === 1) connection.socket.send(text);
  };
  return listen({
    onConnection(socket, request) {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const known = connections.get(searchParams.get('connection_id') ?? '');
      const connection = known ?? { id: randomUUID(), events: [], socket: undefined };
      connection.socket = socket;
      connections.set(connection.id, connection);
      if (known === undefined) emit(connection, 'hello', { connection_id: connection.id });
      else
        for (const text of connection.events.slice(Number(searchParams.get('sequence_number'))))
          socket.send(text);
      frames(socket, ({ seq, action }) =>
        send(socket, { status: 'OK', seq_reply: seq, data: { text: action } }),
      );
      socket.on('close', () => {
        if (connection.socket === socket) connection.socket = undefined;
        if (options.forgets === true) connections.delete(connection.id);
      });
    },
    onRequest(_request, { message }, response) {
      for (const connection of connections.values())
        for (let copy = copies.next(); copy > 0; copy -= 1)
          emit(connection, 'posted', { post: JSON.stringify({ message }) });
      answer(response, 201, { id: randomUUID() });
    },
  });
}
