import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Link } from '../../../src/protocol/ports.ts';
import { createDialer } from '../../../src/world/real/dial.ts';
import { linkUpgrade } from '../../../src/world/real/upgrade.ts';
import { type LinkTaker, WsLink } from '../../../src/world/real/ws-link.ts';
import { describeLinkContract, type LinkWorld } from '../link-contract.ts';
import { LinkRecorder } from '../link-recorder.ts';
import { LOCALHOST } from './localhost-certificate.ts';
import { takerOf } from './taker.ts';

interface Ends {
  readonly secure?: boolean;
  /** The server is one of `ws` as somebody has it who uses `ws` by itself. */
  readonly borrowed?: boolean;
  readonly alwaysWs?: boolean;
}

const ENDS: Readonly<Record<string, Ends>> = {
  'bare socket to our server': {},
  'bare socket to a borrowed WebSocket': { borrowed: true },
  'ws to our server': { alwaysWs: true },
  'ws to our server over TLS': { secure: true },
};

beforeAll(() => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
});

afterAll(() => {
  vi.unstubAllEnvs();
});

for (const [name, ends] of Object.entries(ENDS)) describeLinkContract(name, () => createRealWorld(ends));

type HttpServer = ReturnType<typeof createServer>;

async function createRealWorld({
  secure = false,
  borrowed = false,
  alwaysWs = false,
}: Ends): Promise<LinkWorld> {
  const accepted: { link: Link; saw: LinkRecorder }[] = [];
  const sockets = new Set<Socket>();
  const http = secure ? createSecureServer(LOCALHOST) : createServer();
  http.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const taker = takerOf((link) => {
    const saw = new LinkRecorder();
    accepted.push({ link, saw });
    return saw;
  });
  if (borrowed) borrow(http, taker);
  else http.on('upgrade', linkUpgrade(taker));
  const address = await listening(http);
  const gone = createServer();
  const goneAddress = await listening(gone);
  await new Promise((resolve) => gone.close(resolve));
  const pass = (ms: number): Promise<number> => {
    const fromMs = performance.now();
    return new Promise((resolve) => setTimeout(() => resolve(performance.now() - fromMs), ms));
  };
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const scheme = secure ? 'wss' : 'ws';
  return {
    accepted,
    pass,
    dial: createDialer({ url: `${scheme}://${address}`, alwaysWs }),
    dialNobody: createDialer({ url: `${scheme}://${goneAddress}`, alwaysWs }),
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

function borrow(server: HttpServer, taker: LinkTaker): void {
  new WebSocketServer({ server }).on('connection', (ws) => WsLink.accept(ws, taker));
}

function listening(server: HttpServer): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
