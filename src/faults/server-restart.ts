import { parameterValue, type ServerFault } from './fault.ts';

export const serverRestart: ServerFault = {
  kind: 'server',
  name: 'server-restart',
  summary:
    'The server dies with all its sockets and what its store does not keep, and listens again after a while.',
  fidelity: 'socket',
  parameters: {
    down: { kind: 'duration', default: '500ms', min: '0ms', max: '10m', description: 'How long it is away.' },
  },
  inject: (server, values) => {
    server.restart(parameterValue(values, 'down'));
  },
};
