import { describe, expect, it } from 'vitest';
import { ClientScope } from '../../src/drivers/client-scope.ts';
import { compileTemplate } from '../../src/templates/template.ts';
import { randomStreams } from '../../src/world/random.ts';

function scopeAt(epochMs: number): ClientScope {
  const values = {
    client: { index: 7, id: 'c7' },
    user: { token: 'abc' },
    env: { HOME: '/root' },
    services: { app: { port: 8080 } },
  };
  return new ClientScope(values, { epochMs: () => epochMs, contentRandom: randomStreams(1)('content') });
}

function render(scope: ClientScope, text: string): unknown {
  return compileTemplate(text).render(scope);
}

describe('the scope of a client', () => {
  it('has what is known of the client, and what is at hand', () => {
    const scope = scopeAt(0);
    scope.local = { room: 'r1', message: { seq: 3, id: 'm' }, payload: { a: 1 } };
    expect(render(scope, '{{ client.index }}')).toBe(7);
    expect(render(scope, '{{ user.token }}-{{ env.HOME }}-{{ services.app.port }}')).toBe('abc-/root-8080');
    expect(render(scope, '{{ room }}/{{ message.seq }}/{{ message.id }}')).toBe('r1/3/m');
    expect(render(scope, '{{ payload }}')).toEqual({ a: 1 });
    expect(() => render(scope, '{{ user.name }}')).toThrow('user.name');
  });

  it('counts for each name from 1, and anew on each connection', () => {
    const scope = scopeAt(0);
    const count = (): unknown => [render(scope, '{{ counter(a) }}'), render(scope, '{{ counter(b) }}')];
    expect([count(), count()]).toEqual([
      [1, 1],
      [2, 2],
    ]);
    scope.restart();
    expect(count()).toEqual([1, 1]);
  });

  it('draws from the randomness of the client, and asks the clock of the run', () => {
    const [one, other] = [scopeAt(1_700_000_000_123), scopeAt(0)];
    expect(render(one, '{{ uuid() }}')).toBe(render(other, '{{ uuid() }}'));
    expect(render(one, '{{ now(ms) }}')).toBe(1_700_000_000_123);
  });
});
