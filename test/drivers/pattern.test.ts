import { describe, expect, it } from 'vitest';
import { matches } from '../../src/drivers/pattern.ts';

describe('a pattern', () => {
  it.each<[pattern: unknown, value: unknown]>([
    [{ ok: true }, { ok: true, more: 1 }],
    [{ 'data.user.id': 3 }, { data: { user: { id: 3 } } }],
    [{ data: { id: 'exists', error: 'absent' } }, { data: { id: null } }],
    [
      ['a', { b: 1 }],
      ['a', { b: 1, c: 2 }, 'more'],
    ],
    [{ 'list.1': 'x' }, { list: ['w', 'x'] }],
    [[], ['anything']],
    ['exists', 0],
    ['absent', undefined],
    [null, null],
  ])('%j matches %j', (pattern, value) => {
    expect(matches(pattern, value)).toBe(true);
  });

  it.each<[pattern: unknown, value: unknown]>([
    [{ ok: true }, { ok: 1 }],
    [{ ok: true }, undefined],
    [{ ok: true }, 'ok'],
    [{ 'data.id': 3 }, { data: 3 }],
    [{ id: 'absent' }, { id: null }],
    [{ id: 'exists' }, {}],
    [['a', 'b'], ['a']],
    [['a'], { 0: 'a' }],
    [{ toString: 'exists' }, {}],
    [1, '1'],
  ])('%j does not match %j', (pattern, value) => {
    expect(matches(pattern, value)).toBe(false);
  });
});
