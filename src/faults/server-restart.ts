import { parameterValue, type ServerFault } from './fault.ts';

export const serverRestart: ServerFault = {
  kind: 'server',
  name: 'server-restart',
  summary:
    'The server stops with all its sockets, loses everything that its store does not persist, and listens again later.',
  fidelity: 'socket',
  parameters: {
    down: {
      kind: 'duration',
      default: '500ms',
      min: '0ms',
      max: '10m',
      description: 'Time until it listens again.',
    },
  },
  inject: (server, values) => {
    server.restart(parameterValue(values, 'down'));
  },
};
