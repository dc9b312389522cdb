import type { InstantFault } from './fault.ts';

export const handlerCrash: InstantFault = {
  kind: 'instant',
  name: 'handler-crash',
  summary:
    'The process dies between its handler and the ack, and comes back with what it had acked: a redelivery that was handled before.',
  needs: 'crash',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.crashBeforeNextAck();
  },
};
