import type { AckFault } from './fault.ts';

export const nack: AckFault = {
  kind: 'acks',
  name: 'nack',
  summary:
    'The client nacks handled messages instead of acking them, so the server has to resend them later.',
  needs: 'nacks',
  fidelity: 'socket',
  parameters: {},
  fate: () => ({ kind: 'nack' }),
};
