import { describe, expect, it } from 'vitest';
import { problemsOf, scenarioOf } from './sample.ts';

describe('the settings of failures, queue and alerts', () => {
  it('have the defaults of the documentation', () => {
    const { server, publish } = scenarioOf('name: a\n');
    expect(server).toMatchObject({
      broadcaster: 'robust',
      failures: {
        threshold: 5,
        window: 60_000,
        globalRate: 0.1,
        history: 300_000,
        strategy: 'none',
        throttleRate: 10,
        keepEvery: 5,
      },
      queue: { size: 10_000, retries: 3, retryDelay: 1000, interval: 100 },
      alerts: { window: 300_000, failureRate: 0.1, buffer: 0.8, latency: 100, actions: ['log'] },
    });
    expect(publish[0]?.via).toBe('direct');
  });

  it.each([
    ['server: { alerts: { actions: [scale] } }', 'Cannot scale: nothing says how'],
    ['server: { alerts: { scale: { command: ./more } } }', 'Cannot use the hook: no alert asks for it'],
    [
      'server: { alerts: { actions: [scale], scale: { webhook: "ftp://x" } } }',
      'Cannot post alerts there: it is no address',
    ],
    ['server: { failures: { throttleRate: max } }', 'Cannot slow a client down to this'],
    ['server: { failures: { history: 10s } }', 'Cannot keep failures for less than the window'],
    ['server: { broadcaster: naive }', 'Cannot serve at-least-once with the naive broadcaster'],
    [
      'server: { broadcaster: naive, delivery: at-most-once }\npublish: [{ via: queue }]',
      'Cannot publish via queue: the naive broadcaster has nothing of the kind',
    ],
    [
      'target: ws://127.0.0.1:1/x\npublish: [{ via: rooms }]',
      'Cannot publish via rooms: the server is a target and decides itself',
    ],
  ])('that make no sense are refused: %s', (text, message) => {
    const problems = problemsOf(`${text}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it.each([
    'server: { alerts: { actions: [log, scale], scale: { command: ./more, webhook: "https://x/y" } } }',
    'server: { broadcaster: naive, delivery: at-most-once }',
    'publish: [{ via: queue }, { via: rooms }]',
  ])('that make sense are taken: %s', (text) => {
    expect(problemsOf(`${text}\n`)).toEqual([]);
  });
});
