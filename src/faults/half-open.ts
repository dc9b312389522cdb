import type { LastingFault } from './fault.ts';

export const halfOpen: LastingFault = {
  kind: 'lasting',
  name: 'half-open',
  summary:
    'The client goes silent without a close: it reads nothing, sends nothing and answers no pings. Done at the socket, so its kernel still acks TCP segments, unlike that of a peer that lost its network.',
  fidelity: 'socket',
  parameters: {},
  begin: (client) => {
    client.answerPings(false);
    client.mute(true);
    client.pauseReading();
  },
  end: (client) => {
    // Unmute before resuming reads, so that replies to buffered frames are sent.
    client.mute(false);
    client.answerPings(true);
    client.resumeReading();
  },
};
