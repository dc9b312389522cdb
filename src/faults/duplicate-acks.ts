import { type AckFault, parameterValue } from './fault.ts';

export const duplicateAcks: AckFault = {
  kind: 'acks',
  name: 'duplicate-acks',
  summary: 'Each ack is sent more than once, which must have no effect.',
  needs: 'acks',
  fidelity: 'socket',
  parameters: {
    copies: {
      kind: 'count',
      default: '2',
      min: '2',
      max: '100',
      description: 'Times that each ack is sent in total.',
    },
  },
  fate: (values) => ({ kind: 'duplicate', copies: parameterValue(values, 'copies') }),
};
