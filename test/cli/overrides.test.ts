import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/cli/exit.ts';
import { Adjuster } from '../../src/cli/overrides.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { scenarioOf } from '../scenario/sample.ts';

function scenario(): Scenario {
  return scenarioOf(
    'clients: [{ count: 90 }, { profile: slow, count: 10 }]\npublish: [{ rate: 10/s }, { rate: 20/s }]\n',
  );
}

describe('Adjuster', () => {
  it('lays nothing over a scenario when nothing is said', () => {
    const adjuster = new Adjuster({ set: [] }, { PATH: '/bin', WSDELIVER_SEED: '' });
    expect(adjuster.overrides).toEqual([]);
    const untouched = scenario();
    expect(adjuster.adjust(untouched)).toBe(untouched);
  });

  it('prefers a flag to its variable, and names whichever counts', () => {
    const environment = { WSDELIVER_SEED: '2', WSDELIVER_DURATION: '30s', WSDELIVER_TARGET: 'ws://a' };
    const flags = { seed: 3, target: 'ws://b', driver: 'json', set: [] };
    const adjuster = new Adjuster(flags, environment);
    expect(adjuster.overrides).toEqual([
      { path: 'seed', value: 3, origin: '--seed 3' },
      { path: 'duration.load', value: '30s', origin: 'WSDELIVER_DURATION=30s' },
      { path: 'target.url', value: 'ws://b', origin: '--target ws://b' },
      { path: 'target.driver', value: 'json', origin: '--driver json' },
    ]);
    expect([adjuster.hasTarget, new Adjuster({ set: [] }, {}).hasTarget]).toEqual([true, false]);
  });

  it('puts assignments last, in their order, and reads their values as YAML', () => {
    const { overrides } = new Adjuster(
      { seed: 3, set: ['seed=4', 'a.b={ c: 5s }', 'd=x=y', 'e=[', 'f='] },
      {},
    );
    expect(overrides.map(({ path, value }) => [path, value])).toEqual([
      ['seed', 3],
      ['seed', 4],
      ['a.b', { c: '5s' }],
      ['d', 'x=y'],
      ['e', '['],
      ['f', null],
    ]);
  });

  it('scales the clients by profile and sets the rate of every stream', () => {
    const { clients, publish } = new Adjuster({ clients: 50, rate: '5/s', set: [] }, {}).adjust(scenario());
    expect(clients.map(({ count }) => count)).toEqual([45, 5]);
    expect(publish.map(({ rate }) => rate)).toEqual([5, 5]);
  });

  it.each([
    [{ set: ['seed'] }, {}, 'Cannot use --set "seed"'],
    [{ set: ['=7'] }, {}, 'Cannot use --set "=7"'],
    [
      { set: [] },
      { WSDELIVER_CLIENTS: 'many' },
      'Cannot use WSDELIVER_CLIENTS "many": a whole number is wanted',
    ],
  ])('refuses %j with %j', (flags, environment, message) => {
    expect(() => new Adjuster(flags, environment)).toThrow(message);
    expect(() => new Adjuster(flags, environment)).toThrow(UserError);
  });

  it.each([
    [{ clients: 1, set: [] }, {}, '--clients 1: Cannot simulate "1" clients'],
    [{ set: [] }, { WSDELIVER_CLIENTS: '1' }, 'WSDELIVER_CLIENTS=1: Cannot simulate "1" clients'],
    [{ rate: 'fast', set: [] }, {}, '--rate fast: '],
    [{ set: [] }, { WSDELIVER_RATE: 'fast' }, 'WSDELIVER_RATE=fast: '],
  ])('cannot adjust a scenario by %j with %j', (flags, environment, message) => {
    const adjuster = new Adjuster(flags, environment);
    expect(() => adjuster.adjust(scenario())).toThrow(message);
  });
});
