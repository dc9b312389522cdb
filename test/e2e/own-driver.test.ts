import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Folder, inTurn, ROOT, wsdeliver } from './command.ts';

/** The example of docs/own-driver.md, run as it stands there, and modules that are no drivers. */

const TIMEOUT_MS = 120_000;
const PAGE = readFileSync(join(ROOT, 'docs/own-driver.md'), 'utf8');
const folder = new Folder();

function shown(name: string): string {
  const [, content] = new RegExp(`\`${name}\`:\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(PAGE) ?? [];
  if (content === undefined) throw new Error(`docs/own-driver.md does not show ${name}`);
  return content;
}

/** A variant of what the page shows. */
function changed(name: string, from: string, to: string): string {
  const text = shown(name);
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  return text.replace(from, to);
}

beforeAll(() => {
  mkdirSync(folder.file('node_modules'));
  symlinkSync(ROOT, folder.file('node_modules/wsdeliver'));
  for (const name of ['ws', '@types'])
    symlinkSync(join(ROOT, 'node_modules', name), folder.file(`node_modules/${name}`));
  for (const name of ['server.mjs', 'my-driver.mjs', 'chat.yaml']) folder.write(name, shown(name));
});
afterAll(() => folder.remove());

async function bench(driver: string, name: string): Promise<Awaited<ReturnType<typeof wsdeliver>>> {
  folder.write(`${name}.mjs`, driver);
  const scenario = folder.write(`${name}.yaml`, changed('chat.yaml', './my-driver.mjs', `./${name}.mjs`));
  return wsdeliver(['bench', scenario]);
}

function played(name: string, test: () => Promise<void>): void {
  it(name, () => inTurn(test), TIMEOUT_MS);
}

describe('a driver of the user', () => {
  played('runs as docs/own-driver.md shows it', async () => {
    const { code, stdout, stderr } = await wsdeliver(['bench', 'chat.yaml'], { cwd: folder.path });
    expect(`${code} ${stderr}\n${stdout}`).toMatch(/^0 /);
  });

  played('is given the options of the target when it exports a function', async () => {
    const driver = changed(
      'my-driver.mjs',
      'export default {',
      "export default ({ word }) => ({\n  subprotocols: word === 'hello' ? undefined : fail,",
    ).replace(/\};\n$/, '});\n');
    folder.write('with-options.mjs', driver);
    const text = changed('chat.yaml', './my-driver.mjs', './with-options.mjs\n  options: { word: hello }');
    const { code, stdout, stderr } = await wsdeliver(['bench', folder.write('with-options.yaml', text)]);
    expect(`${code} ${stderr}\n${stdout}`).toMatch(/^0 /);
  });

  it.each([
    ['throws', "\nthrow new Error('no such luck');", 'no such luck (line 2)'],
    ['is no JavaScript', 'export default {', 'Unexpected'],
    ['has no default export', 'export const driver = {};', 'it has no default export'],
    ['exports a text', "export default 'driver';", 'what it exports is no driver, it is missing or wrong'],
    ['has no clients', changed('my-driver.mjs', 'newClients:', 'clients:'), 'its "newClients" is missing'],
    [
      'misspells a trait',
      changed('my-driver.mjs', "resume: 'none'", "resume: 'no'"),
      'its "traits.resume" is',
    ],
    [
      'has a client without an inbox',
      changed('my-driver.mjs', 'this.inbox =', 'this.box ='),
      'have no "inbox"',
    ],
    [
      'cannot make a client',
      changed('my-driver.mjs', 'new MyClient(', 'new Mine('),
      'Mine is not defined (line',
    ],
  ])(
    'that %s is a mistake with a sentence',
    (_, driver, why) =>
      inTurn(async () => {
        const { code, stdout, stderr } = await bench(driver, 'wrong');
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        expect(stderr).toContain('Cannot use "./wrong.mjs" as a driver: ');
        expect(stderr).toContain(why);
        expect(stderr).not.toContain('    at ');
      }),
    TIMEOUT_MS,
  );

  played('is loaded by validate', async () => {
    folder.write('empty.mjs', 'export const driver = {};');
    const file = folder.write('empty.yaml', changed('chat.yaml', './my-driver.mjs', './empty.mjs'));
    const { code, stderr } = await wsdeliver(['validate', file]);
    expect({ code, stderr: stderr.trim() }).toEqual({
      code: 2,
      stderr: `${file}: Cannot use "./empty.mjs" as a driver: it has no default export, a driver or a function that makes one is wanted`,
    });
    expect((await wsdeliver(['validate', folder.file('chat.yaml')])).code).toBe(0);
  });

  played('that throws at a message costs the client, and leaves the run inconclusive', async () => {
    const driver = changed(
      'my-driver.mjs',
      '  onText(text) {',
      '  onText(text) {\n    this.frames = (this.frames ?? 0) + 1;\n    if (this.clientId === 3 && this.frames > 20) throw new Error("frame " + this.frames);',
    )
      .replace('constructor({ behaviour,', 'constructor({ values, behaviour,')
      .replace(
        'this.behaviour = behaviour;',
        'this.behaviour = behaviour;\n    this.clientId = values.client.index;',
      );
    const { code, stdout } = await bench(driver, 'throws');
    expect(code).toBe(5);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /the driver failed in 1 client, which is not judged; client 3: frame 21 \(line \d+\)/,
    );
  });
});

/** The example with types. */
const TYPED = `
import { type ClientObserver, type ClientOptions, type ClientPublish, type ClientBehaviour, Connector,
  type ConnectorOwner, type Driver, type DriverClient, Inbox, type InboxOwner } from 'wsdeliver/driver';
class Mine<D extends object> implements DriverClient<D>, ConnectorOwner, InboxOwner<D> {
  readonly behaviour: ClientBehaviour;
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  readonly ackFilter = undefined;
  readonly unanswered = 0;
  readonly askedToPause = false;
  readonly observer: ClientObserver<D>;
  constructor({ behaviour, ports, observer }: ClientOptions<D>) {
    this.behaviour = behaviour;
    this.observer = observer;
    this.connector = new Connector({ owner: this, observer, behaviour, ports });
    this.inbox = new Inbox({ owner: this, connector: this.connector, behaviour, ports });
  }
  onOpen(): void { this.observer.open(); }
  onText(text: string): void { this.inbox.push(0, this.observer.message(0, text, false)); }
  onLost(): void {}
  onHandled(position: number, delivery: D): void { this.observer.handled(position, delivery); }
  onFailed(position: number, delivery: D): void { this.observer.failed(position, delivery); }
  publish({ settle }: ClientPublish): void { settle({ kind: 'unconfirmed' }); }
  close(code: number): void { this.connector.close(code, ''); }
  stop(): void { this.inbox.stop(); }
}
const driver: Driver = {
  name: 'mine',
  traits: { resume: 'none', acks: [], positions: 'none', gaps: false, confirmsPublishes: false,
    level: 'at-most-once', binary: false, verbatim: true, handles: [] },
  newClients: () => (options) => new Mine(options),
};
export default driver;
`;

async function compile(name: string, text: string): Promise<string> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  const args = [compiler, ...options, folder.write(name, text)];
  return promisify(execFile)(process.execPath, args, { cwd: folder.path }).then(
    () => '',
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
}

describe('the types of wsdeliver/driver', () => {
  played('take a driver', async () => {
    expect(await compile('typed.mts', TYPED)).toBe('');
  });

  played('refuse one that lacks something', async () => {
    const wrong = TYPED.replace('verbatim: true, ', '').replace('  readonly unanswered = 0;\n', '');
    const said = await compile('wrong.mts', wrong);
    expect(said).toContain('verbatim');
    expect(said).toContain('unanswered');
  });
});
