import { type InstantFault, parameterValue } from './fault.ts';

export const close: InstantFault = {
  kind: 'instant',
  name: 'close',
  summary:
    'The client closes the connection with a close frame; after any code but 1000 the session can be resumed.',
  fidelity: 'socket',
  parameters: {
    code: { kind: 'close-code', default: '1001', min: '1000', max: '4999', description: 'The close code.' },
  },
  inject: (client, values) => {
    client.close(parameterValue(values, 'code'));
  },
};
