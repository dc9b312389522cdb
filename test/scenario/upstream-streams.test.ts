import { describe, expect, it } from 'vitest';
import { upstreamStreams } from '../../src/scenario/upstream-streams.ts';
import { scenarioOf } from './sample.ts';

const SCENARIO = scenarioOf(`
name: three-kinds
clients:
  - { profile: silent, count: 3 }
  - { profile: sensor, count: 2, upstream: {} }
  - { profile: quiet, count: 4 }
  - { profile: talker, count: 3, upstream: { rate: 5/s } }
`);

describe('upstream streams', () => {
  it('are numbered over the clients that send, and know their clients', () => {
    const streams = upstreamStreams(SCENARIO);
    const clients = [3, 4, 9, 10, 11];
    expect(streams.count).toBe(clients.length);
    expect(clients.map((client) => streams.streamOf(client))).toEqual([0, 1, 2, 3, 4]);
    expect(clients.map((_, stream) => streams.clientOf(stream))).toEqual(clients);
    expect([0, 2, 5, 8, 12].map((client) => streams.streamOf(client))).toEqual([-1, -1, -1, -1, -1]);
  });

  it('do not exist beyond their number', () => {
    expect(() => upstreamStreams(SCENARIO).clientOf(5)).toThrow(
      'Cannot find upstream stream "5": there are 5, from 0 on',
    );
    expect(upstreamStreams(scenarioOf('name: none')).count).toBe(0);
  });
});
