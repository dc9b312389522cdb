import { type AckFault, parameterValue } from './fault.ts';

export const delayAcks: AckFault = {
  kind: 'acks',
  name: 'delay-acks',
  summary: 'Acks leave late.',
  needs: 'acks',
  fidelity: 'socket',
  parameters: {
    delay: { kind: 'duration', default: '200ms', min: '0ms', max: '10m', description: 'How late.' },
  },
  fate: (values) => ({ kind: 'delay', delayMs: parameterValue(values, 'delay') }),
};
