import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../protocol/frame.ts';
import { type LinkTaker, WS_OPTIONS, WsLink } from './ws-link.ts';

/** Answers an upgrade request. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Turns upgrade requests into links, with a server of `ws`. A client that offers no subprotocol is taken as well; one
 * that offers only others gets 400. No extension is taken.
 */
export function linkUpgrade(taker: LinkTaker): Upgrade {
  const server = new WebSocketServer({
    ...WS_OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    verifyClient: ({ req }, answer) => {
      const refusal = taker.refusalOf?.(req);
      if (refusal !== undefined) answer(false, refusal.status, refusal.reason);
      else if (offersOnlyOthers(req))
        answer(false, 400, `Only the subprotocol ${SUBPROTOCOL} is spoken here.`);
      else answer(true);
    },
  });
  const take = (ws: WebSocket, request: IncomingMessage): void => WsLink.accept(ws, taker, request);
  return (request, socket, head) => server.handleUpgrade(request, socket, head, take);
}

/** `ws` has refused a header that is no list of names. */
function offersOnlyOthers({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol']?.split(',');
  return offered?.every((name) => name.trim() !== SUBPROTOCOL) ?? false;
}
