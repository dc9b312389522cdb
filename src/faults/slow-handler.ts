import { type LastingFault, parameterValue } from './fault.ts';

export const slowHandler: LastingFault = {
  kind: 'lasting',
  name: 'slow-handler',
  summary: 'The handler takes long for each message, so acks are late although the socket is read.',
  fidelity: 'socket',
  parameters: {
    time: {
      kind: 'duration',
      default: '50ms',
      min: '0ms',
      max: '1m',
      description: 'Duration of each handler call.',
    },
  },
  begin: (client, values) => {
    client.setHandlerTime(parameterValue(values, 'time'));
  },
  end: (client) => {
    client.setHandlerTime(undefined);
  },
};
