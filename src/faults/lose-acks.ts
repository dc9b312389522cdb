import type { AckFault } from './fault.ts';

export const loseAcks: AckFault = {
  kind: 'acks',
  name: 'lose-acks',
  summary: 'Acks vanish on their way out: the server has to send again what was handled.',
  needs: 'acks',
  fidelity: 'socket',
  parameters: {},
  fate: () => ({ kind: 'lose' }),
};
