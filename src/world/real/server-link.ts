import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SUBPROTOCOL } from '../../protocol/frame.ts';
import type { Accept } from '../../protocol/ports.ts';
import { acceptValue, hasToken } from './handshake.ts';
import { SocketLink } from './socket-link.ts';

/** Answers an upgrade request. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const VERSION = '13';
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

interface Refusal {
  /** Status code and reason phrase. */
  readonly status: string;
  readonly because: string;
  readonly header?: string;
}

/**
 * Turns upgrade requests into links. A client that offers no subprotocol is taken as well; one that offers only others
 * gets 400. No extension is taken.
 */
export function linkUpgrade(accept: Accept, beforeRead?: () => void): Upgrade {
  return (request, socket, head) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      socket.on('error', () => socket.destroy());
      socket.end(answerOf(refusal));
      return;
    }
    if (!(socket instanceof Socket)) throw new TypeError('Cannot upgrade: the connection is no socket');
    socket.setTimeout(0);
    socket.write(switchingProtocols(request), 'latin1');
    if (head.length > 0) socket.unshift(head);
    SocketLink.accept(socket, accept, beforeRead);
  };
}

function refusalOf({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'GET')
    return {
      status: '405 Method Not Allowed',
      because: 'A WebSocket is opened with GET.',
      header: 'Allow: GET',
    };
  if (!hasToken(headers.upgrade, 'websocket'))
    return { status: '400 Bad Request', because: 'Upgrades to a WebSocket and to nothing else.' };
  if (headers['sec-websocket-version'] !== VERSION)
    return {
      status: '426 Upgrade Required',
      because: `Version ${VERSION} of WebSocket is spoken here.`,
      header: `Sec-WebSocket-Version: ${VERSION}`,
    };
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    return { status: '400 Bad Request', because: 'Sec-WebSocket-Key is 16 bytes in base64.' };
  const offered = headers['sec-websocket-protocol']?.split(',');
  if (offered?.every((name) => name.trim() !== SUBPROTOCOL))
    return { status: '400 Bad Request', because: `Only the subprotocol ${SUBPROTOCOL} is spoken here.` };
  return undefined;
}

function answerOf({ status, because, header }: Refusal): string {
  return [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: text/plain',
    ...(header === undefined ? [] : [header]),
    '',
    `${because}\n`,
  ].join('\r\n');
}

function switchingProtocols({ headers }: IncomingMessage): string {
  const chosen =
    headers['sec-websocket-protocol'] === undefined ? '' : `Sec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n`;
  const accepted = acceptValue(headers['sec-websocket-key'] ?? '');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted}\r\n${chosen}\r\n`;
}
