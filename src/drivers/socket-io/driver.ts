import type { Driver, DriverTraits } from '../driver.ts';
import { RecoveringClient, SocketIoClient } from './client.ts';
import type { SocketIoOptions } from './options.ts';
import { PacketDecoder } from './packet-decoder.ts';
import { compileOptions } from './templates.ts';

/** Where a server listens unless it was told otherwise. */
const USUAL_PATH = '/socket.io/';

const DEFAULTS: SocketIoOptions = {
  namespace: '/',
  recovery: false,
  offsetFrom: 'official',
  ack: false,
  retries: 0,
};

/** The driver of Socket.IO 4, by WebSocket and nothing else. */
export function socketIo(given: Partial<SocketIoOptions> = {}): Driver {
  const options = { ...DEFAULTS, ...given };
  const templates = compileOptions(options);
  return {
    name: 'socket.io',
    traits: traitsOf(options),
    addressOf,
    newClients: () => {
      const decoder = new PacketDecoder();
      const Client = options.recovery ? RecoveringClient : SocketIoClient;
      return (clientOptions) => new Client(clientOptions, templates, decoder);
    },
  };
}

function traitsOf({ recovery, ack, retries, publish }: SocketIoOptions): DriverTraits {
  return {
    resume: recovery ? 'session' : 'none',
    acks: ack ? ['each'] : [],
    positions: 'none',
    gaps: false,
    confirmsPublishes: publish?.volatile !== true && (retries > 0 || publish?.confirm !== undefined),
    level: 'at-most-once',
    binary: false,
    verbatim: false,
    handles: [
      ...(ack || publish?.confirm !== undefined || retries > 0 ? (['acks'] as const) : []),
      ...(recovery ? (['second-socket', 'forget-session'] as const) : []),
    ],
  };
}

/** The path where a server listens, when the address has none, and what its handshake wants to be asked. */
function addressOf(url: string): string {
  const address = new URL(url);
  if (address.pathname === '/') address.pathname = USUAL_PATH;
  address.searchParams.set('EIO', '4');
  address.searchParams.set('transport', 'websocket');
  return address.href;
}
