import { describe, expect, it } from 'vitest';
import { presenceOf } from '../../src/scenario/timeline.ts';
import { problemsOf, scenarioOf } from './sample.ts';

const STAYING = '{ profile: staying, count: 1, rooms: [news] }';

/** The problems of a scenario with one profile that stays, and this one; `publish` is a further line. */
function problems(profile: string, publish = ''): readonly string[] {
  return problemsOf(`clients: [${STAYING}, { profile: guests, count: 4, ${profile} }]\n${publish}`);
}

describe('clients that come and go', () => {
  it('do so evenly over their span, each at an instant of its own', () => {
    const scenario = scenarioOf(
      `clients: [${STAYING}, { profile: guests, count: 4, join: { from: 1s, to: 3s }, leave: { from: 4s, to: 4s } }]`,
    );
    expect([0, 1, 2, 4].map((client) => presenceOf(scenario, client))).toEqual([
      {},
      { joinMs: 1000, leaveMs: 4000 },
      { joinMs: 1500, leaveMs: 4000 },
      { joinMs: 2500, leaveMs: 4000 },
    ]);
  });

  it.each([
    ['join: { from: 3s, to: 2s }', 'Cannot take from 3s to 2s: that ends before it begins'],
    ['join: { from: 3s, to: 11s }', 'Cannot take from 3s to 11s: load takes 10s, at most that is wanted'],
    [
      'join: { from: 1s, to: 3s }, leave: { from: 2s, to: 4s }',
      'Cannot leave from 2s on: clients join until 3s, from then on is wanted',
    ],
    [
      'leave: { to: 4s }, upstream: { rate: 1/s }',
      'Cannot send upstream: clients of this profile join or leave during load, others are wanted',
    ],
  ])('are refused where it makes no sense: %s', (profile, message) => {
    const [first = '', ...others] = problems(profile);
    expect(first).toContain(message);
    expect(first).toMatch(/^a\.yaml:1:/);
    expect(others).toEqual([]);
  });

  it('are not the only ones that a run has, or that publish', () => {
    expect(problemsOf('clients: [{ join: { to: 1s } }]\n')).toMatchObject(
      [/Cannot probe: all clients join during load/].map((pattern) => expect.stringMatching(pattern)),
    );
    const target = 'target: ws://127.0.0.1:1\npublish: [{ room: sport, through: members }]\n';
    expect(problems('rooms: [sport], leave: { to: 1s }', target)).toMatchObject([
      expect.stringContaining('Cannot publish through members: all of them join or leave during load'),
    ]);
  });
});
