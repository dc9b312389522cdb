import type { AckFault } from './fault.ts';

export const loseAcks: AckFault = {
  kind: 'acks',
  name: 'lose-acks',
  summary: 'Acks are lost on the way to the server, which has to resend handled messages.',
  needs: 'acks',
  fidelity: 'socket',
  parameters: {},
  fate: () => ({ kind: 'lose' }),
};
