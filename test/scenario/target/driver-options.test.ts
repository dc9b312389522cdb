import { describe, expect, it } from 'vitest';
import { newDriver } from '../../../src/drivers/registry.ts';
import { stepsOf } from '../../../src/scenario/overrides.ts';
import { DRIVER_OPTIONS, isDriverFile } from '../../../src/scenario/target/driver-options.ts';

describe('the drivers that a scenario can name', () => {
  it.each(Object.keys(DRIVER_OPTIONS))('%s is there', (name) => {
    const options = DRIVER_OPTIONS[name]?.safeParse({});
    // Options that a driver needs are the business of its own tests.
    if (options?.success === true) expect(newDriver(name, options.data).name).toBe(name);
    else expect(() => newDriver(name, {})).not.toThrow('there is no driver');
  });

  it('are told from paths of modules', () => {
    expect(['./a.mjs', '../b.js', '/c/d.mjs', 'e.mjs'].every(isDriverFile)).toBe(true);
    expect(['wsdeliver', 'socket.io', 'graphql-ws'].some(isDriverFile)).toBe(false);
  });

  it('may have a dot in their name, which no path of a setting is cut at', () => {
    const dotted = ['socket.io'];
    expect(stepsOf('target.socket.io.namespace', dotted)).toEqual(['target', 'socket.io', 'namespace']);
    expect(stepsOf('target.socket.io.events.0', dotted)).toEqual(['target', 'socket.io', 'events', 0]);
    expect(stepsOf('target.socket.io', dotted)).toEqual(['target', 'socket.io']);
    expect(stepsOf('target.socket.iota', dotted)).toEqual(['target', 'socket', 'iota']);
    expect(stepsOf('clients.0.count', dotted)).toEqual(['clients', 0, 'count']);
  });
});
