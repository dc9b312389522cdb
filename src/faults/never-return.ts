import type { LastingFault } from './fault.ts';

export const neverReturn: LastingFault = {
  kind: 'lasting',
  name: 'never-return',
  summary:
    'The client drops its connection and never returns: its outbox has to expire and the loss to be reported.',
  fidelity: 'socket',
  healed: false,
  parameters: {},
  begin: (client) => {
    client.stayAway();
    client.drop();
  },
  end: () => {},
};
