import { type InstantFault, parameterValue } from './fault.ts';

const ROOM = '"room":"lobby"';
/** Leaves first and stays in the room at the end, so that other clients are in the room to receive notices. */
const ROUND: readonly string[] = [
  `{"action":"leave",${ROOM}}`,
  `{"action":"join",${ROOM}}`,
  `{"action":"message",${ROOM},"content":"hello"}`,
  '{"action":"ping"}',
];

export const roomActions: InstantFault = {
  kind: 'instant',
  name: 'room-actions',
  summary:
    'The client leaves and joins a room, sends a chat message and pings, all at most once and between deliveries; the room gets notices.',
  needs: 'room-actions',
  fidelity: 'socket',
  parameters: {
    rounds: { kind: 'count', default: '1', min: '1', max: '1000', description: 'How often.' },
  },
  inject: (client, values) => {
    const rounds = parameterValue(values, 'rounds');
    for (let round = 0; round < rounds; round += 1) for (const frame of ROUND) client.sendRaw(frame);
  },
};
