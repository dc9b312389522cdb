import { describe, expect, it } from 'vitest';
import { ResumeTokens } from '../../src/protocol/resume-tokens.ts';

describe('resume tokens', () => {
  function accepted(tokens: ResumeTokens): readonly string[] {
    return ['', 't1', 't2', 't3', 't4', 't5', 't6'].filter((token) => tokens.accept(token));
  }

  it('accepts the token that the client came with until a later welcome has arrived', () => {
    const tokens = new ResumeTokens();
    tokens.renew('t1', '');
    expect(accepted(tokens)).toEqual(['t1']);
    // The welcome with t2 was lost, and then that with t3.
    tokens.renew('t2', 't1');
    tokens.renew('t3', 't1');
    expect([tokens.newest, accepted(tokens)]).toEqual(['t3', ['t1', 't2', 't3']]);
    tokens.welcomeArrived();
    expect([tokens.newest, accepted(tokens)]).toEqual(['t3', ['t3']]);
  });

  it('accepts nothing older than what the client came with', () => {
    const tokens = new ResumeTokens();
    tokens.renew('t1', '');
    // A hello with t1 on a socket that the client had left came after the one that t2 answered.
    for (const token of ['t2', 't3']) tokens.renew(token, 't1');
    tokens.renew('t4', 't2');
    expect(accepted(tokens)).toEqual(['t2', 't3', 't4']);
  });

  it('keeps few tokens, among them the one that the client came with, however often it comes with it', () => {
    const tokens = new ResumeTokens();
    tokens.renew('t1', '');
    for (const token of ['t2', 't3', 't4', 't5', 't6']) tokens.renew(token, 't1');
    expect(accepted(tokens)).toEqual(['t1', 't4', 't5', 't6']);
  });
});
