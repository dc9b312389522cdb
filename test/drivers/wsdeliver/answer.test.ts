import { describe, expect, it } from 'vitest';
import { answerText, binaryAnswerText } from '../../../src/drivers/wsdeliver/answer.ts';

describe('the answer to a hello that is none', () => {
  it.each([
    ['{"type":"error","message":"no such token"}', 'the error "no such token"'],
    ['{"error":"forbidden"}', 'the error "forbidden"'],
    ['{"type":"error"}', '"{"type":"error"}"'],
    ['{"type":"greeting","message":"hi"}', '"{"type":"greeting","message":"hi"}"'],
    ['[1]', '"[1]"'],
    ['null', '"null"'],
    ['', '""'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  ])('%j is told as %s', (text, told) => expect(answerText(text)).toBe(told));

  it('quotes the beginning of a long error', () =>
    expect(answerText(JSON.stringify({ type: 'error', message: 'y'.repeat(61) }))).toBe(
      `the error "${'y'.repeat(60)}…"`,
    ));

  it('tells a binary frame by its size', () =>
    expect(binaryAnswerText(new Uint8Array(3))).toBe('a binary frame of 3 bytes'));
});
