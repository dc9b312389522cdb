import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Link } from '../../../src/protocol/ports.ts';
import { createDialer } from '../../../src/world/real/dial.ts';
import { WsLink } from '../../../src/world/real/ws-link.ts';
import { describeLinkContract, type LinkWorld } from '../link-contract.ts';
import { LinkRecorder } from '../link-recorder.ts';

describeLinkContract('borrowed ws', createBorrowedWorld);

/** A server as somebody has it who uses `ws` by itself. */
async function createBorrowedWorld(): Promise<LinkWorld> {
  const accepted: { link: Link; saw: LinkRecorder }[] = [];
  const sockets = new Set<Socket>();
  const http = createServer();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (ws) => {
    WsLink.accept(ws, (link) => {
      const saw = new LinkRecorder();
      accepted.push({ link, saw });
      return saw;
    });
  });
  const url = await listening(http);
  const gone = createServer();
  const goneUrl = await listening(gone);
  await new Promise((resolve) => gone.close(resolve));
  const pass = (ms: number): Promise<number> => {
    const fromMs = performance.now();
    return new Promise((resolve) => setTimeout(() => resolve(performance.now() - fromMs), ms));
  };
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    accepted,
    pass,
    dial: createDialer({ url }),
    dialNobody: createDialer({ url: goneUrl }),
    destroyAll,
    until: async (condition, withinMs = 5000) => {
      const deadline = performance.now() + withinMs;
      while (!condition() && performance.now() < deadline) await pass(2);
      return condition();
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        destroyAll();
      }),
  };
}

function listening(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
