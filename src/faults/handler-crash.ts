import type { InstantFault } from './fault.ts';

export const handlerCrash: InstantFault = {
  kind: 'instant',
  name: 'handler-crash',
  summary:
    'The client crashes between its handler and the ack and restarts remembering only acked messages, so a handled message is redelivered.',
  needs: 'crash',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.crashBeforeNextAck();
  },
};
