import { parameterValue, type ServerFault } from './fault.ts';

export const blockEventLoop: ServerFault = {
  kind: 'server',
  name: 'block-event-loop',
  summary: 'The server blocks its event loop: nothing is sent, read or answered meanwhile.',
  fidelity: 'socket',
  parameters: {
    time: { kind: 'duration', default: '500ms', min: '1ms', max: '1m', description: 'How long.' },
  },
  inject: (server, values) => {
    server.blockEventLoop(parameterValue(values, 'time'));
  },
};
