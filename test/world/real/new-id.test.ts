import { describe, expect, it } from 'vitest';
import { newSecretId } from '../../../src/world/real/new-id.ts';

describe('secret id', () => {
  it('has 128 bits in characters that need no escaping, never the same twice', () => {
    const ids = Array.from({ length: 1000 }, () => newSecretId());
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });
});
