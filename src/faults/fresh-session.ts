import type { InstantFault } from './fault.ts';

export const freshSession: InstantFault = {
  kind: 'instant',
  name: 'fresh-session',
  summary:
    'The client forgets its session, drops the connection and returns as new: what the old session held is replaced.',
  needs: 'forget-session',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.forgetSession();
    client.drop();
  },
};
