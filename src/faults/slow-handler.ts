import { type LastingFault, parameterValue } from './fault.ts';

export const slowHandler: LastingFault = {
  kind: 'lasting',
  name: 'slow-handler',
  summary: 'The handler takes its time for each message, so that acks come late while reading goes on.',
  fidelity: 'socket',
  parameters: {
    time: {
      kind: 'duration',
      default: '50ms',
      min: '0ms',
      max: '1m',
      description: 'What each handler call takes.',
    },
  },
  begin: (client, values) => {
    client.setHandlerTime(parameterValue(values, 'time'));
  },
  end: (client) => {
    client.setHandlerTime(undefined);
  },
};
