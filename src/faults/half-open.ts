import type { LastingFault } from './fault.ts';

export const halfOpen: LastingFault = {
  kind: 'lasting',
  name: 'half-open',
  summary:
    'The client goes silent without a close: it reads nothing, says nothing and answers no pings. Made at the socket, so its kernel still acks what it is sent; a peer that lost its network would not.',
  fidelity: 'socket',
  parameters: {},
  begin: (client) => {
    client.answerPings(false);
    client.mute(true);
    client.pauseReading();
  },
  end: (client) => {
    // Speech comes back before hearing: what is read next has to be answered.
    client.mute(false);
    client.answerPings(true);
    client.resumeReading();
  },
};
