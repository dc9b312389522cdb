import { describe, expect, it } from 'vitest';
import { socketIo } from '../../../src/drivers/socket-io/driver.ts';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import { parseScenario } from '../../../src/scenario/parse.ts';
import { writeScenario } from '../../../src/scenario/write-scenario.ts';

function read(options: string): ReturnType<typeof parseScenario> {
  const text = `name: s\ntarget:\n  url: ws://127.0.0.1:1\n  driver: socket.io\n  socket.io: ${options}\n`;
  return parseScenario(text, { file: 's.yaml' });
}

describe('options of socket.io in a scenario', () => {
  it('have defaults', () => {
    const reading = read('{}');
    expect(reading.ok && reading.scenario.target?.options).toEqual({
      namespace: '/',
      recovery: false,
      offsetFrom: 'official',
      ack: false,
      retries: 0,
    });
  });

  it('become what the driver takes, and are written as they were read', () => {
    const reading = read(
      '{ namespace: /chat, subscribe: { send: [join, "{{ room }}"], confirm: [{ ok: true }] }, publish: { send: [say, "{{ payload }}"] }, events: [said], retries: 3, ackTimeout: 10s }',
    );
    if (!reading.ok) throw new Error('it is no scenario');
    const { options } = reading.scenario.target ?? {};
    expect(options).toMatchObject({
      retries: 3,
      ackTimeout: 10_000,
      publish: { volatile: false, binary: false },
    });
    expect(socketIo(options as SocketIoOptions).traits.confirmsPublishes).toBe(true);
    const again = parseScenario(writeScenario(reading.scenario), { file: 'again.yaml' });
    expect(again.ok && again.scenario.target?.options).toEqual(options);
  });

  it.each([
    ['{ namespace: chat }', 'a namespace begins with a slash'],
    ['{ subscribe: { send: [] } }', 'send'],
    ['{ subscribe: { send: [1] } }', 'an event begins with its name'],
    ['{ publish: { send: [say], volatile: true, confirm: [] } }', 'a volatile event is never confirmed'],
    ['{ publish: { send: [say], volatile: true }, retries: 1 }', 'a volatile event is never sent again'],
    ['{ retries: -1 }', 'retries'],
    ['{ event: [said] }', 'events'],
    ['{ publish: { send: [say, "{{ payload"] } }', 'Cannot read the template'],
  ])('are refused when they are %s', (options, why) => {
    const reading = read(options);
    if (reading.ok) throw new Error('it is taken for a scenario');
    expect(JSON.stringify(reading.problems)).toContain(why);
  });
});
