import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { FRAME_BYTES_MAX, SUBPROTOCOL } from '../../protocol/frame.ts';
import type { Link, LinkEvents } from '../../protocol/ports.ts';
import { LinkWebSocket } from './link-web-socket.ts';
import { CLOSE_TIMEOUT_MS, SocketLink } from './socket-link.ts';

/** Takes a new link and says who wants to hear of it. */
export type Accept = (link: Link) => LinkEvents;

/** Answers an upgrade request whose subprotocols have been looked at: with any offered, ours is among them. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Turns upgrade requests into links. */
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
    if (!(socket instanceof Socket)) throw new TypeError('Cannot upgrade: the connection is no socket');
    server.handleUpgrade(request, socket, head, (ws) => {
      const link = new SocketLink(ws, socket, false);
      link.attach(accept(link));
    });
  };
}
