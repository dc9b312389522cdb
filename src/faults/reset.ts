import type { InstantFault } from './fault.ts';

export const reset: InstantFault = {
  kind: 'instant',
  name: 'reset',
  summary: 'The connection ends with a TCP RST.',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.reset();
  },
};
