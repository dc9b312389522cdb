import type { InstantFault } from './fault.ts';

export const freshSession: InstantFault = {
  kind: 'instant',
  name: 'fresh-session',
  summary:
    'The client discards its session, drops the connection and asks for a new session, which replaces the old one.',
  needs: 'forget-session',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.forgetSession();
    client.drop();
  },
};
