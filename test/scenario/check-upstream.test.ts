import { describe, expect, it } from 'vitest';
import { problemsOf, scenarioOf } from './sample.ts';

function withUpstream(upstream: string): readonly string[] {
  return problemsOf(`name: a\nclients: [{ rooms: [chat], upstream: ${upstream} }]\n`);
}

describe('upstream in a profile', () => {
  it('has a default for everything', () => {
    const [client] = scenarioOf('name: a\nclients: [{ upstream: {} }]\n').clients;
    expect(client?.upstream).toEqual({ rate: 1, size: 128, type: 'note', arrival: 'constant' });
    expect(scenarioOf('name: a\n').clients[0]?.upstream).toBeUndefined();
  });

  it.each([
    ['{ rate: 0/s }', 'Cannot send 0 a second: nothing would be owed, more is wanted'],
    ['{ rate: max }', 'Cannot send at rate max: each client has a schedule, a rate like 2/s is wanted'],
    [
      '{ type: publish }',
      'Cannot send the type "publish": it is the request itself, a "room" makes one of any type',
    ],
    ['{ room: chta }', 'Cannot publish to "chta": no client joins it, did you mean "chat"?'],
    [
      '{ size: 2MiB }',
      'Cannot send 2MiB in one message: a frame has at most 1MiB, at most 1020KiB is wanted',
    ],
  ])('%s is refused', (upstream, message) => {
    expect(withUpstream(upstream)).toEqual([expect.stringContaining(message)]);
  });

  it('may publish to everybody and to a room that somebody joins', () => {
    expect(withUpstream('{ room: "*" }')).toEqual([]);
    expect(withUpstream('{ room: chat, rate: 2/s }')).toEqual([]);
  });
});

describe('the handler of a profile', () => {
  it('may have poison, and may know that another try is in vain', () => {
    const [client] = scenarioOf(
      'name: a\nclients: [{ handler: { poison: 20, nackRetry: false } }]\n',
    ).clients;
    expect(client?.handler).toMatchObject({ poison: 20, nack: true, nackRetry: false });
    expect(problemsOf('name: a\nclients: [{ handler: { poison: 0 } }]\n')).toHaveLength(1);
  });
});
