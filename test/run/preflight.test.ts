import { describe, expect, it } from 'vitest';
import type { PlannedFault } from '../../src/faults/fault.ts';
import { type Demand, PreflightError, preflight, thisMachine } from '../../src/run/preflight.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';

const GIB = 1024 ** 3;
const PLENTY = { descriptors: 100_000, memoryBytes: 64 * GIB, socketBytes: 8 * GIB, ports: 28_000 };

function demand(clients: number, changes: Partial<Demand> & { readonly target?: string } = {}): Demand {
  const { target, ...rest } = changes;
  const scenario = scenarioSchema.parse({
    clients: [{ count: clients }],
    ...(target === undefined ? {} : { target: { url: [target] } }),
  });
  return { scenario, planned: [], clients, workers: 1, ...rest };
}

function stalling(clients: number): PlannedFault[] {
  return [
    {
      index: 0,
      name: 'pause-reader',
      atMs: 0,
      forMs: 1000,
      clients: Array.from({ length: clients }, (_, i) => i),
      values: {},
    },
  ];
}

describe('preflight', () => {
  it('lets a run through that the machine can carry', () => {
    expect(() => preflight(demand(10_000), PLENTY)).not.toThrow();
  });

  it('names the descriptors that the server needs, and the clients that would fit', () => {
    expect(() => preflight(demand(1000), { ...PLENTY, descriptors: 256 })).toThrow(
      /the server process needs 1064 open files, and the limit is 256 \(raise it with "ulimit -n 1064", or take --clients 192\)/,
    );
  });

  it('counts the descriptors of each worker when the server is somewhere else', () => {
    const far = { target: 'ws://example.test/', workers: 4 };
    expect(() => preflight(demand(800, far), { ...PLENTY, descriptors: 300 })).not.toThrow();
    expect(() => preflight(demand(4000, far), { ...PLENTY, descriptors: 300 })).toThrow(
      /each load worker needs 1064/,
    );
  });

  it('names the ports when one far address gets more connections than there are', () => {
    const far = { target: 'ws://example.test/' };
    expect(() => preflight(demand(30_000, far), PLENTY)).toThrow(/28000 local ports/);
    expect(() => preflight(demand(30_000, { target: 'ws://127.0.0.1:9/' }), PLENTY)).not.toThrow();
  });

  it('names the memory when the clients would not fit', () => {
    expect(() => preflight(demand(100_000), { ...PLENTY, memoryBytes: GIB })).toThrow(
      /about 4\.\d+GiB of memory, and 1GiB/,
    );
  });

  it('names the kernel socket memory that stalled clients can hold', () => {
    const scenario = scenarioSchema.parse({
      clients: [{ count: 5000 }],
      publish: [{ rate: '200/s', size: '4KiB' }],
      duration: { load: '30s' },
    });
    const stalled = { scenario, planned: stalling(5000), clients: 5000, workers: 1 };
    expect(() => preflight(stalled, { ...PLENTY, socketBytes: 2 * GIB })).toThrow(
      /5000 stalled clients can hold 18\.\d+GiB/,
    );
    expect(() =>
      preflight({ ...stalled, planned: stalling(50) }, { ...PLENTY, socketBytes: 2 * GIB }),
    ).not.toThrow();
  });

  it('names every limit at once', () => {
    expect(() => preflight(demand(50_000), { descriptors: 256, memoryBytes: GIB })).toThrow(
      /open files.*; .*memory/,
    );
  });

  it('takes no offence at what a machine does not tell', () => {
    expect(() => preflight(demand(100_000), {})).not.toThrow();
  });

  it('reads the limits of the machine it runs on', () => {
    expect(thisMachine().descriptors).toBeGreaterThan(0);
    expect(thisMachine().memoryBytes).toBeGreaterThan(0);
    expect(new PreflightError('x').name).toBe('PreflightError');
  });
});
