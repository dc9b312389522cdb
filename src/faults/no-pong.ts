import type { LastingFault } from './fault.ts';

export const noPong: LastingFault = {
  kind: 'lasting',
  name: 'no-pong',
  summary:
    'The client does not answer pings but goes on otherwise: it counts as alive as long as other frames arrive.',
  fidelity: 'socket',
  parameters: {},
  begin: (client) => {
    client.answerPings(false);
  },
  end: (client) => {
    client.answerPings(true);
  },
};
