import type { LastingFault } from './fault.ts';

export const pauseReader: LastingFault = {
  kind: 'lasting',
  name: 'pause-reader',
  summary: 'The client stops reading from its socket: nothing is handled or acked, and the outbox grows.',
  fidelity: 'socket',
  parameters: {},
  begin: (client) => {
    client.pauseReading();
  },
  end: (client) => {
    client.resumeReading();
  },
};
