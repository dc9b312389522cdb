import { type InstantFault, parameterValue } from './fault.ts';

const HEAD = '{"action":"message","room":"*","content":"';
const TAIL = '"}';

export const oversizedFrame: InstantFault = {
  kind: 'instant',
  name: 'oversized-frame',
  summary: 'The client sends one frame that exceeds the size limit of the protocol.',
  fidelity: 'socket',
  parameters: {
    size: { kind: 'bytes', default: '2MiB', min: '1KiB', max: '64MiB', description: 'How long.' },
  },
  inject: (client, values) => {
    const size = parameterValue(values, 'size');
    client.sendRaw(`${HEAD}${'x'.repeat(size - HEAD.length - TAIL.length)}${TAIL}`);
  },
};
