import type { LastingFault } from './fault.ts';

export const noPong: LastingFault = {
  kind: 'lasting',
  name: 'no-pong',
  summary:
    'The client leaves pings unanswered and works on: it counts as alive while anything else of it arrives.',
  fidelity: 'socket',
  parameters: {},
  begin: (client) => {
    client.answerPings(false);
  },
  end: (client) => {
    client.answerPings(true);
  },
};
