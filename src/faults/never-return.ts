import type { LastingFault } from './fault.ts';

export const neverReturn: LastingFault = {
  kind: 'lasting',
  name: 'never-return',
  summary:
    'The client drops its connection and stays away for good: its outbox has to expire, and the loss be told.',
  fidelity: 'socket',
  healed: false,
  parameters: {},
  begin: (client) => {
    client.stayAway();
    client.drop();
  },
  end: () => {
    // Nobody ends this one.
  },
};
