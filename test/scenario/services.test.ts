import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { withPorts } from '../../src/scenario/service-ports.ts';
import { instancesOf } from '../../src/scenario/services-schema.ts';
import { planFaults } from '../../src/scenario/timeline.ts';
import { writeScenario } from '../../src/scenario/write-scenario.ts';
import { problemsOf } from './sample.ts';

const TEXT = `
name: several
services:
  redis: { command: "redis-server --port {{ port }}", ready: { line: Ready, within: 1m } }
  app: { command: "node app.js {{ port }}", count: 2, env: { PORT: "{{ port }}", DEBUG: true }, stop: { signal: SIGQUIT } }
target: "ws://127.0.0.1:{{ services.app.port }}/ws"
faults:
  - { do: service-restart, at: 1s, service: app }
  - { do: service-pause, at: 2s, for: 500ms, service: app-2 }
`;

function parsed(text: string): Scenario {
  const outcome = parseScenario(text, { file: 'a.yaml' });
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.scenario;
}

describe('services', () => {
  it('are processes in the order of the file, numbered where they have a count', () => {
    expect(instancesOf(parsed(TEXT).services).map(({ name }) => name)).toEqual(['redis', 'app-1', 'app-2']);
  });

  it('are written as they were read', () => {
    const scenario = parsed(TEXT);
    const again = parsed(writeScenario(scenario));
    expect(again).toEqual(scenario);
  });

  it('are written without the secrets of their environment, and refused where one is missing', () => {
    const secret = parsed(TEXT.replace('DEBUG:', 'API_TOKEN:'));
    const written = writeScenario(secret);
    expect(written).toContain('***');
    const outcome = parseScenario(written, { file: 'written.yaml' });
    const messages = outcome.ok ? [] : outcome.problems.map(({ message }) => message);
    expect(messages).toEqual([
      'Cannot use "***": *** stands there for a secret that was left out, --set services.app.env.API_TOKEN=… with the secret is wanted',
    ]);
  });

  it('are chosen by faults as a whole or one by one', () => {
    const planned = planFaults(parsed(TEXT), () => ({ next: () => 0 }));
    expect(planned).toMatchObject([
      { name: 'service-restart', services: ['app-1', 'app-2'], clients: [] },
      { name: 'service-pause', services: ['app-2'], forMs: 500 },
    ]);
  });

  it('give their ports to an address, which is one for each process', () => {
    const { services } = parsed(TEXT);
    const ports = new Map([
      ['redis', 1],
      ['app-1', 2],
      ['app-2', 3],
    ]);
    expect(withPorts('ws://h:{{ services.app.port }}/{{ user.id }}', services, ports)).toEqual([
      'ws://h:2/{{ user.id }}',
      'ws://h:3/{{ user.id }}',
    ]);
    expect(withPorts('ws://h:{{ services.app-2.port }}', services, ports)).toEqual(['ws://h:3']);
    expect(withPorts('ws://h:{{ services."redis".port + 1 }}', services, ports)).toEqual([
      'ws://h:{{ 1 + 1 }}',
    ]);
  });

  it.each([
    ['{ a: { command: "x {{ port }}" }, a-1: { command: "x {{ port }}" } }', undefined],
    [
      '{ a: { command: "x {{ port }}", count: 1 }, a-1: { command: "x {{ port }}" } }',
      'Cannot have two processes "a-1"',
    ],
    [
      '{ a: { command: "x {{ services.a.port }} {{ port }}" } }',
      'it is this service itself, "{{ port }}" is wanted',
    ],
    ['{ 1a: { command: "x {{ port }}" } }', 'Cannot read "1a" as a name: a service has lower-case letters'],
    [
      '{ a: { command: "x {{ port }}", count: 2 }, b: { command: "y {{ port }} {{ services.a.port }}" } }',
      'it has several processes, one such as "services.a-1.port" is wanted',
    ],
    ['{ a: { command: "x", ready: { http: "ftp://x" } } }', 'Cannot ask "ftp://x": it is no HTTP address'],
    [
      '{ a: { command: "x {{ prt }}", ready: { line: y } } }',
      'there is no value "prt", did you mean "port"?',
    ],
    [
      '{ a: { command: "x {{ port }}", env: { "A=B": 1 } } }',
      'Cannot set "A=B": no variable has such a name',
    ],
    ['{ a: { command: "x {{ port }}", stop: { signal: SIGSTOP } } }', 'Cannot read "signal" as "SIGSTOP"'],
  ])('%s', (services, message) => {
    const problems = problemsOf(`target: ws://127.0.0.1:1\nservices: ${services}\n`);
    expect(problems).toEqual(message === undefined ? [] : [expect.stringContaining(message)]);
  });

  it('of a target have to be there', () => {
    const problems = problemsOf(
      'target: "ws://127.0.0.1:{{ services.ap.port }}"\nservices: { app: { command: "x {{ port }}" } }\n',
    );
    expect(problems).toEqual([
      'a.yaml:1:28: Cannot use "services.ap.port": the scenario has no service "ap"',
    ]);
  });
});
