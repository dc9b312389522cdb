import { type LastingFault, parameterValue } from './fault.ts';

export const slowReader: LastingFault = {
  kind: 'lasting',
  name: 'slow-reader',
  summary: 'The client reads slowly from its socket, so acks are late and messages pile up.',
  fidelity: 'socket',
  parameters: {
    rate: {
      kind: 'bytes-per-second',
      default: '16KiB/s',
      min: '1B/s',
      max: '1GiB/s',
      description: 'Bytes read per second.',
    },
  },
  begin: (client, values) => {
    client.limitReading(parameterValue(values, 'rate'));
  },
  end: (client) => {
    client.limitReading(undefined);
  },
};
