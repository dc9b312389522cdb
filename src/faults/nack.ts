import type { AckFault } from './fault.ts';

export const nack: AckFault = {
  kind: 'acks',
  name: 'nack',
  summary:
    'The client nacks what it has handled instead of acking it: the server has to send it again, later.',
  needs: 'nacks',
  fidelity: 'socket',
  parameters: {},
  fate: () => ({ kind: 'nack' }),
};
