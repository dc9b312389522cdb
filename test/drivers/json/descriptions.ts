import type { JsonOptions } from '../../../src/drivers/json/options.ts';

/** The feed without its sessions: what a client misses while it is away is gone. */
export const PLAIN: JsonOptions = {
  open: [{ expect: { type: 'hello' } }],
  subscribe: { send: { type: 'join', room: '{{ room }}' }, confirm: { type: 'joined', room: '{{ room }}' } },
  rules: [
    { when: { type: 'msg' }, is: 'message', payload: 'content' },
    { when: { type: 'ok' }, is: 'ignored' },
  ],
  publish: { send: { type: 'say', room: '{{ room }}', content: '{{ payload }}' } },
};

/** The feed with everything that it has. */
export const WHOLE: JsonOptions = {
  open: [{ expect: { type: 'hello' }, save: { session: 'session' } }],
  subscribe: { send: { type: 'join', room: '{{ room }}' }, confirm: { type: 'joined', room: '{{ room }}' } },
  rules: [{ when: { type: 'msg' }, is: 'message', payload: 'content', seq: 'seq', room: 'room' }],
  seq: { scope: 'session', first: 1, hole: 'told' },
  ack: { send: { type: 'ack', seq: '{{ message.seq }}' } },
  cumulative: { send: { type: 'ack', seq: '{{ message.seq }}', all: true } },
  resume: {
    open: [
      { expect: { type: 'hello' }, save: { next: 'session' } },
      { send: { type: 'resume', session: '{{ saved.session }}', after: '{{ saved.last }}' } },
    ],
    success: { type: 'resumed' },
    refused: { type: 'fresh' },
  },
  publish: {
    send: { type: 'say', room: '{{ room }}', content: '{{ payload }}', id: '{{ message.id }}' },
    confirm: { type: 'ok', id: '{{ message.id }}' },
  },
};
