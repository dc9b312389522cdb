import { describe, expect, it } from 'vitest';
import { isSendableCloseCode } from '../../src/protocol/close-code.ts';

describe('isSendableCloseCode', () => {
  it('takes what RFC 6455 lets an endpoint send', () => {
    const codes = [1000, 1001, 1003, 1007, 1014, 3000, 4409, 4999];
    expect(codes.filter((code) => !isSendableCloseCode(code))).toEqual([]);
  });

  it('refuses what stands for the lack of a code, and what is reserved', () => {
    const codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000];
    expect(codes.filter(isSendableCloseCode)).toEqual([]);
  });
});
