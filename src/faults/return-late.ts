import type { LastingFault } from './fault.ts';

export const returnLate: LastingFault = {
  kind: 'lasting',
  name: 'return-late',
  summary:
    'The client drops its connection and comes back after its session has expired, which the server has to tell it.',
  fidelity: 'socket',
  lasts: 'past-resume-ttl',
  parameters: {},
  begin: (client) => {
    client.stayAway();
    client.drop();
  },
  end: (client) => {
    client.release();
  },
};
