import type { InstantFault } from './fault.ts';

export const reconnectStorm: InstantFault = {
  kind: 'instant',
  name: 'reconnect-storm',
  summary: 'The selected clients drop their connections together and return at once, without a backoff.',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.drop();
    client.release();
  },
};
