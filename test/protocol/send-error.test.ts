import { describe, expect, it } from 'vitest';
import { errorCode, passes } from '../../src/protocol/send-error.ts';

describe('send errors', () => {
  it.each(['EAGAIN', 'EWOULDBLOCK', 'ENOBUFS', 'ENOMEM', 'EINTR'])('%s passes', (code) => {
    expect(passes(code)).toBe(true);
  });

  it.each(['EPIPE', 'ECONNRESET', 'WS_ERR_NOT_OPEN', 'unknown', ''])('%s does not pass', (code) => {
    expect(passes(code)).toBe(false);
  });

  it('have the code of the error, never a word of its message', () => {
    expect(errorCode(Object.assign(new Error('EAGAIN'), { code: 'EPIPE' }))).toBe('EPIPE');
    expect(errorCode(new Error('EAGAIN'))).toBe('unknown');
    expect(errorCode(Object.assign(new Error(''), { code: 7 }))).toBe('unknown');
  });
});
