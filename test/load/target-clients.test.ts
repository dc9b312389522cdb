import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { wsdeliver } from '../../src/drivers/wsdeliver/driver.ts';
import { TargetClients } from '../../src/load/target-clients.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { scenarioOf } from '../scenario/sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'wsdeliver-target-'));
beforeAll(() => {
  writeFileSync(
    join(folder, 'users.csv'),
    'name,token,sid\nann,token-of-ann,sid-of-ann\nbea,token-of-bea,x\n',
  );
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function clientsOf(target: string, options: { readonly share?: number } = {}): TargetClients {
  const parsed = scenarioOf(`target: ${target}`).target;
  if (parsed === undefined) throw new Error('there is no target');
  const clock = new VirtualTime();
  return new TargetClients({
    target: parsed,
    folder,
    driver: wsdeliver,
    clock,
    clients: [0, 1, 2],
    ...options,
  });
}

const TARGET = `{
  url: "ws://h/{{ user.name }}?token={{ user.token }}&k={{ env.SECRET }}",
  headers: { cookie: "s={{ user.sid }}", x-name: "{{ user.name }}", authorization: plain-text },
  users: users.csv,
}`;

describe('the clients of a target', () => {
  it('are given the rows of their users, again from the top after the last', () => {
    const clients = clientsOf(TARGET);
    expect(clients.valuesFor(2, 'c2')).toMatchObject({
      client: { index: 2, id: 'c2' },
      user: { name: 'ann', token: 'token-of-ann', sid: 'sid-of-ann' },
    });
    expect(clients.valuesFor(1, 'c1').user?.name).toBe('bea');
  });

  it('let nothing of their secrets out, and of what is none everything', () => {
    vi.stubEnv('SECRET', 'from-the-environment');
    const clients = clientsOf(TARGET);
    const reason = 'no ann with token-of-ann, sid-of-ann, plain-text, from-the-environment or token-of-bea';
    expect(clients.withoutSecrets(reason, clients.valuesFor(0, 'c0'))).toBe(
      'no ann with ***, ***, ***, *** or token-of-bea',
    );
  });

  it('say why something failed though another address can not be rendered for this client', () => {
    const clients = clientsOf('{ url: ["ws://h/{{ 6 / (1 - client.index) }}", ws://i] }');
    expect(clients.withoutSecrets('refused', clients.valuesFor(1, 'c1'))).toBe('refused');
  });

  it('share the rate of connecting by their number', () => {
    const { pace } = clientsOf('{ url: ws://h, connectRate: 100/s }', { share: 0.25 });
    expect([pace?.takeMs(), pace?.takeMs(), pace?.takeMs()]).toEqual([0, 40, 80]);
    expect(clientsOf('{ url: ws://h, connectRate: 100/s }').pace).toBeUndefined();
    expect(clientsOf('{ url: ws://h }', { share: 1 }).pace).toBeUndefined();
  });
});
