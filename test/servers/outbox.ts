import type { WebSocket } from 'ws';
import { answer, Copies, type Defect, frames, listen, type SmallServer, send } from './listen.ts';

interface Box {
  readonly pending: Map<number, unknown>;
  socket: WebSocket | undefined;
  count: number;
}

/** A home-made outbox: `{seq,type,payload}` for each client until it says `{kind:"ack",seq}`, over all its connections. */
export function outbox(
  options: { readonly defect?: Defect; readonly keeps?: number } = {},
): Promise<SmallServer> {
  const boxes = new Map<string, Box>();
  const copies = new Copies(options.defect ?? 'none');
  return listen({
    onConnection(socket, request) {
      const name = new URL(request.url ?? '', 'http://x').searchParams.get('client') ?? '';
      const box = boxes.get(name) ?? { pending: new Map<number, unknown>(), socket: undefined, count: 0 };
      boxes.set(name, box);
      box.socket = socket;
      for (const frame of box.pending.values()) send(socket, frame);
      frames(socket, ({ kind, seq }) => {
        if (kind === 'ack') box.pending.delete(Number(seq));
      });
      socket.on('close', () => {
        if (box.socket === socket) box.socket = undefined;
      });
    },
    onRequest(_request, { type, payload }, response) {
      for (const box of boxes.values()) {
        for (let copy = copies.next(); copy > 0; copy -= 1) {
          box.count += 1;
          const frame = { seq: box.count, type, payload };
          box.pending.set(box.count, frame);
          const [oldest] = box.pending.keys();
          if (box.pending.size > (options.keeps ?? 10_000) && oldest !== undefined)
            box.pending.delete(oldest);
          if (box.socket !== undefined) send(box.socket, frame);
        }
      }
      answer(response, 202, {});
    },
  });
}
