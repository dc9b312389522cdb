import type { InstantFault } from './fault.ts';

export const drop: InstantFault = {
  kind: 'instant',
  name: 'drop',
  summary: 'The connection ends with a TCP FIN and no close frame.',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.drop();
  },
};
