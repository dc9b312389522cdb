import type { InstantFault } from './fault.ts';

export const secondSocket: InstantFault = {
  kind: 'instant',
  name: 'second-socket',
  summary:
    'A second socket resumes the session while the first is open: the newer one takes it over, and nothing may be lost.',
  needs: 'second-socket',
  fidelity: 'socket',
  parameters: {},
  inject: (client) => {
    client.openSecondSocket();
  },
};
