import { type AckFault, parameterValue } from './fault.ts';

export const duplicateAcks: AckFault = {
  kind: 'acks',
  name: 'duplicate-acks',
  summary: 'Acks leave more than once, which has to be harmless.',
  needs: 'acks',
  fidelity: 'socket',
  parameters: {
    copies: {
      kind: 'count',
      default: '2',
      min: '2',
      max: '100',
      description: 'How often each is sent in all.',
    },
  },
  fate: (values) => ({ kind: 'duplicate', copies: parameterValue(values, 'copies') }),
};
