import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { FRAME_BYTES_MAX, SUBPROTOCOL } from '../../protocol/frame.ts';
import type { Link, LinkEvents } from '../../protocol/ports.ts';
import { AcceptedLink } from './accepted-link.ts';
import { CLOSE_TIMEOUT_MS } from './closing.ts';
import { LinkWebSocket } from './link-web-socket.ts';

/** Takes a new link and says who wants to hear of it. */
export type Accept = (link: Link) => LinkEvents;

/** Answers an upgrade request. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Turns upgrade requests into links. A client that offers no subprotocol is taken as well; one that offers only others
 * gets 400.
 */
export function linkUpgrade(accept: Accept): Upgrade {
  const options = {
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: FRAME_BYTES_MAX,
    closeTimeout: CLOSE_TIMEOUT_MS,
    WebSocket: LinkWebSocket,
    handleProtocols: (): string => SUBPROTOCOL,
  };
  const server = new WebSocketServer(options);
  return (request, socket, head) => {
    if (offersOnlyOthers(request.headers['sec-websocket-protocol'])) {
      socket.on('error', () => socket.destroy());
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nOnly the subprotocol ${SUBPROTOCOL} is spoken here.\n`,
      );
      return;
    }
    if (!(socket instanceof Socket)) throw new TypeError('Cannot upgrade: the connection is no socket');
    server.handleUpgrade(request, socket, head, (ws) => {
      const link = new AcceptedLink(ws, socket);
      link.attach(accept(link));
    });
  };
}

function offersOnlyOthers(offered: string | undefined): boolean {
  if (offered === undefined) return false;
  return !offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}
