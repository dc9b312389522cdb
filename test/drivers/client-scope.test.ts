import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientScope } from '../../src/drivers/client-scope.ts';
import type { DriverPorts } from '../../src/drivers/driver.ts';
import { compileTemplate } from '../../src/templates/template.ts';
import { randomStreams } from '../../src/world/random.ts';

function scopeAt(epochMs: number): ClientScope {
  const values = {
    client: { index: 7, id: 'c7' },
    user: { token: 'abc' },
    env: { HOME: '/root' },
    services: { app: { port: 8080 } },
  };
  const ports = { epochMs: () => epochMs, contentRandom: randomStreams(1)('content') };
  return new ClientScope(values, ports as unknown as DriverPorts);
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

  it('makes up identifiers and numbers out of the randomness of the client', () => {
    const [one, other] = [scopeAt(0), scopeAt(0)];
    const uuid = render(one, '{{ uuid() }}');
    expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(render(other, '{{ uuid() }}')).toBe(uuid);
    expect(render(one, '{{ uuid() }}')).not.toBe(uuid);
    const drawn = Array.from({ length: 200 }, () => render(one, '{{ random(2, 4) }}'));
    expect([...new Set(drawn)].sort()).toEqual([2, 3, 4]);
  });

  it('tells the time of day in every unit', () => {
    const scope = scopeAt(1_700_000_000_123.4);
    const units = ['ms', 's', 'us'].map((unit) => render(scope, `{{ now(${unit}) }}`));
    expect(units).toEqual([1_700_000_000_123, 1_700_000_000, 1_700_000_000_123_400]);
  });

  it('writes instants as JavaScript does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_000_000_000_000 }), (ms) => {
        expect(render(scopeAt(ms), '{{ now(iso) }}')).toBe(new Date(ms).toISOString());
      }),
    );
    for (const day of ['2000-02-29', '2100-03-01', '2024-12-31', '1970-01-01'])
      expect(render(scopeAt(Date.parse(day)), '{{ now(iso) }}')).toBe(`${day}T00:00:00.000Z`);
  });
});
