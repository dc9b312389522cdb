import { SUBPROTOCOL } from '../../protocol/frame.ts';
import { ServerTextDecoder } from '../../protocol/server-text-decoder.ts';
import type { Driver, DriverTraits } from '../driver.ts';
import { WsdeliverClient, type WsdeliverOptions } from './client.ts';

const TRAITS: DriverTraits = {
  resume: 'session',
  acks: ['each', 'cumulative'],
  positions: 'session',
  gaps: true,
  confirmsPublishes: true,
  level: 'at-least-once',
  binary: false,
  verbatim: true,
  handles: ['acks', 'nacks', 'crash', 'second-socket', 'forget-session', 'room-actions'],
};

/** The driver of wsdeliver.v1 with a client of one's own: a broken one, to see whether that is noticed. */
export function wsdeliverWith(
  newClient: <D extends object>(options: WsdeliverOptions<D>) => WsdeliverClient<D>,
): Driver {
  return {
    name: 'wsdeliver',
    traits: TRAITS,
    subprotocols: [SUBPROTOCOL],
    newClients: () => {
      const decoder = new ServerTextDecoder();
      return (options) => newClient({ ...options, decoder });
    },
  };
}

export const wsdeliver: Driver = wsdeliverWith((options) => new WsdeliverClient(options));
