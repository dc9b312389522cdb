import { parameterValue, type ServerFault } from './fault.ts';

export const sendErrors: ServerFault = {
  kind: 'server',
  name: 'send-errors',
  summary: 'A share of all sends of the server fails for some time, with transient or permanent errors.',
  fidelity: 'socket',
  parameters: {
    time: { kind: 'duration', default: '2s', min: '1ms', max: '10m', description: 'How long.' },
    share: { kind: 'ratio', default: '20%', min: '0.1%', max: '100%', description: 'Share of sends.' },
    permanent: {
      kind: 'ratio',
      default: '0%',
      min: '0%',
      max: '100%',
      description: 'Share of the errors that are permanent (EPIPE; the others are transient, ENOBUFS).',
    },
  },
  inject: (server, values) => {
    server.failSends({
      forMs: parameterValue(values, 'time'),
      share: parameterValue(values, 'share'),
      permanentShare: parameterValue(values, 'permanent'),
    });
  },
};
