import { type LastingFault, parameterValue } from './fault.ts';

export const slowReader: LastingFault = {
  kind: 'lasting',
  name: 'slow-reader',
  summary:
    'The client takes bytes from its socket at a trickle, so that its acks come late and what it is sent piles up.',
  fidelity: 'socket',
  parameters: {
    rate: {
      kind: 'bytes-per-second',
      default: '16KiB/s',
      min: '1B/s',
      max: '1GiB/s',
      description: 'How fast it reads.',
    },
  },
  begin: (client, values) => {
    client.limitReading(parameterValue(values, 'rate'));
  },
  end: (client) => {
    client.limitReading(undefined);
  },
};
