import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../../src/verdict/result.ts';
import { appsyncEvents } from '../../servers/appsync-events.ts';
import { chat } from '../../servers/chat.ts';
import { discord } from '../../servers/discord.ts';
import { homeAssistant } from '../../servers/home-assistant.ts';
import { kraken } from '../../servers/kraken.ts';
import type { Defect, SmallServer } from '../../servers/listen.ts';
import { mattermost } from '../../servers/mattermost.ts';
import { outbox } from '../../servers/outbox.ts';
import { phoenix } from '../../servers/phoenix.ts';
import { slack } from '../../servers/slack.ts';
import { ROOT, wsdeliver } from '../command.ts';

type Serve = (options: { readonly defect?: Defect; readonly forgets?: boolean }) => Promise<SmallServer>;

const SCENARIOS = join(ROOT, 'scenarios/strangers/json');

/** Each server was written from the public description of its protocol, and its scenario describes it to the tool. */
describe('a described protocol', () => {
  let folder: string;
  let server: SmallServer | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strangers-'));
  });

  afterEach(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function bench(
    name: string,
    serving: Promise<SmallServer>,
    set: readonly string[] = [],
  ): Promise<Result> {
    server = await serving;
    const file = join(folder, 'result.json');
    const sets = set.flatMap((assignment) => ['--set', assignment]);
    const { stdout, stderr } = await wsdeliver(
      ['bench', join(SCENARIOS, `${name}.yaml`), '--json', file, '--quiet', ...sets],
      { env: { PORT: String(server.port) } },
    );
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Result;
    } catch {
      throw new Error(`There is no result: ${stdout}${stderr}`);
    }
  }

  const RESUMING: readonly (readonly [name: string, serve: Serve])[] = [
    ['mattermost', mattermost],
    ['discord-gateway', discord],
    ['slack-socket-mode', slack],
    ['home-made-outbox', outbox],
  ];
  const FORGETFUL: readonly (readonly [name: string, serve: Serve])[] = [
    ['home-assistant', homeAssistant],
    ['phoenix-channels', phoenix],
    ['kraken-market-data', kraken],
    ['appsync-events', appsyncEvents],
    ['home-made-chat', chat],
  ];

  it.each(RESUMING)('of %s delivers everything through a cut of connections', async (name, serve) => {
    const { verdict, delivery, faults } = await bench(name, serve({}));
    expect(verdict).toBe('pass');
    // 20 clients, 40 messages a second for 3.3 seconds.
    expect(delivery.owed).toBeGreaterThan(2000);
    expect(delivery.delivered).toBe(delivery.owed);
    expect(faults[0]?.fired).toBe(10);
  });

  it.each(FORGETFUL)(
    'of %s loses what comes while a client is away, and nobody is told',
    async (name, serve) => {
      const { verdict, delivery } = await bench(name, serve({}));
      expect(verdict).toBe('pass');
      expect(delivery.lost.silent).toBeGreaterThan(10);
      expect(delivery.lost.reported).toBe(0);
      expect(delivery.duplicates.handled).toBe(0);
      await server?.close();
      const raised = await bench(name, serve({}), ['expect.guarantee=at-least-once']);
      expect(raised.verdict).toBe('fail');
    },
  );

  it.each([
    ['mattermost', mattermost],
    ['discord-gateway', discord],
  ] as readonly (readonly [string, Serve])[])(
    'of %s tells a client that its session is gone',
    async (name, serve) => {
      // A session that expires may do so because the machine is slow; one that a restart ends does not.
      const reason = 'target.json.resume.reason=restart';
      const { verdict, delivery } = await bench(name, serve({ forgets: true }), [reason]);
      expect(verdict).toBe('fail');
      expect(delivery.lost.reportedBy.restart).toBeGreaterThan(10);
      expect(delivery.lost.silent).toBe(0);
      await server?.close();
      const allowed = await bench(name, serve({ forgets: true }), [reason, 'expect.allowReported=[restart]']);
      expect(allowed.verdict).toBe('pass');
    },
  );

  const LATE = [
    'expect.guarantee=at-least-once',
    'faults=[]',
    'clients=[{ count: 2, rooms: [lobby] }, { profile: late, count: 20, rooms: [lobby], join: { from: 200ms, to: 2s } }]',
  ];

  it('blames no server for the time that an unconfirmed subscription takes', async () => {
    const { verdict, delivery } = await bench('home-made-chat', chat({ joinDelayMs: 400 }), LATE);
    expect(verdict).toBe('pass');
    expect(delivery.lost.silent).toBe(0);
    // 20 clients that join within 2 s of a load of 3 s, 40 messages a second.
    expect(delivery.owed).toBeGreaterThan(500);
    expect(delivery.notOwed).toBeGreaterThan(100);
  });

  it('blames a server for what it drops after an unconfirmed subscription', async () => {
    const server = chat({ joinDelayMs: 400, defect: 'drops' });
    const { verdict, delivery } = await bench('home-made-chat', server, LATE);
    expect(verdict).toBe('fail');
    expect(delivery.lost.silent).toBeGreaterThan(10);
  });

  it.each([...RESUMING, ...FORGETFUL])('of %s shows a server that drops messages', async (name, serve) => {
    const { verdict, delivery } = await bench(name, serve({ defect: 'drops' }), [
      'expect.guarantee=at-least-once',
      'faults=[]',
    ]);
    expect(verdict).toBe('fail');
    expect(delivery.lost.silent).toBeGreaterThan(10);
  });

  it.each([...RESUMING, ...FORGETFUL])('of %s shows a server that repeats messages', async (name, serve) => {
    const { verdict, delivery } = await bench(name, serve({ defect: 'repeats' }), [
      'expect.guarantee=effectively-once',
      'faults=[]',
    ]);
    expect(verdict).toBe('fail');
    expect(delivery.duplicates.handled).toBeGreaterThan(10);
  });
});
