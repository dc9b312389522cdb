import { type InstantFault, parameterValue } from './fault.ts';

const BROKEN: readonly string[] = [
  '{"kind":"ack",',
  '[1,"two",null,{}]',
  '{"kind":"ack"}',
  '{"kind":"ack","seq":"41"}',
  '{"kind":"nack","seq":-1}',
  '{"seq":1.5,"type":"publish","payload":{}}',
  '"hello"',
  'null',
  '',
];

export const malformedFrames: InstantFault = {
  kind: 'instant',
  name: 'malformed-frames',
  summary:
    'The client sends malformed frames: invalid JSON, JSON that is no frame, fields missing or of the wrong type.',
  fidelity: 'socket',
  parameters: {
    count: { kind: 'count', default: '3', min: '1', max: '1000', description: 'How many.' },
  },
  inject: (client, values) => {
    const count = parameterValue(values, 'count');
    for (let sent = 0; sent < count; sent++) client.sendRaw(BROKEN[sent % BROKEN.length] ?? '');
  },
};
