import { type Scope, TemplateError } from '../../templates/scope.ts';
import { compileTemplate, compileTemplates } from '../../templates/template.ts';
import { valueAt } from '../../templates/value-at.ts';
import { nearest, suggest } from '../../text/nearest.ts';
import { clientId } from '../client-id.ts';
import { quote } from '../problem.ts';
import type { Path } from '../yaml-source.ts';
import { isHeaderValue, isToken, misaddressed, OWN_HEADERS } from './address.ts';
import { type Attempt, AttemptTemplates } from './attempt.ts';
import { checkJson } from './check-json.ts';
import { DRIVER_OPTIONS, isDriverFile } from './driver-options.ts';
import type { JsonDescription } from './json-schema.ts';
import type { Surroundings } from './surroundings.ts';
import { needsOptions, type Target } from './target-schema.ts';
import { readUsers, type Users, userOf } from './users.ts';

export type Report = (
  path: Path,
  message: string,
  extra?: { readonly aboutKey?: boolean; readonly offset?: number },
) => void;

interface Text {
  readonly path: Path;
  readonly text: string;
}

/** Values of a template that are known when a client connects; the others come with the messages of a driver. */
const KNOWN_AT_CONNECT: ReadonlySet<string> = new Set(['client', 'user', 'env', 'services']);

/**
 * Checks a target as far as that is possible before anything starts.
 *
 * @param surroundings - absent: what lies outside of the scenario file is not checked
 * @param clients - how many there are in all
 */
export function checkTarget(options: {
  readonly target: Target;
  readonly clients: number;
  /** Whose numbers are behind those of the clients. */
  readonly publishers: number;
  readonly surroundings: Surroundings | undefined;
  readonly report: Report;
}): void {
  new TargetCheck(options).run();
}

class TargetCheck {
  readonly #target: Target;
  readonly #clients: number;
  readonly #publishers: number;
  readonly #surroundings: Surroundings | undefined;
  readonly #report: Report;
  #users: Users | undefined;
  /** Whatever could not be checked any more because of it. */
  #usersFailed = false;
  #wrong = 0;

  constructor(options: Parameters<typeof checkTarget>[0]) {
    this.#target = options.target;
    this.#clients = options.clients;
    this.#publishers = options.publishers;
    this.#surroundings = options.surroundings;
    this.#report = (path, message, extra) => {
      this.#wrong += 1;
      options.report(['target', ...path], message, extra);
    };
  }

  run(): void {
    this.#checkDriver();
    this.#checkUsers();
    this.#checkHeaderNames();
    this.#checkTexts();
    this.#checkDescription();
    this.#checkTls();
    this.#checkReconnect();
    // Templates that are wrong by themselves would only be reported twice.
    if (this.#wrong === 0) this.#checkAttempts();
  }

  #checkDriver(): void {
    const { driver, options } = this.#target;
    const names = Object.keys(DRIVER_OPTIONS);
    if (isDriverFile(driver)) {
      const reading = this.#surroundings?.readFile(driver);
      if (reading?.ok === false) this.#report(['driver'], `Cannot use ${quote(driver)}: ${reading.why}`);
      return;
    }
    if (!names.includes(driver)) {
      const hint = `${suggest(driver, names, 'a driver')}${nearest(driver, names) === undefined ? ', or the path of a module' : ''}`;
      this.#report(['driver'], `Cannot use the driver ${quote(driver)}: there is none of that name, ${hint}`);
      return;
    }
    if (options !== undefined || !needsOptions(driver)) return;
    const message = `Cannot use the driver "${driver}" without options: a map "${driver}" is wanted beside it`;
    this.#report(['driver'], message);
  }

  #checkUsers(): void {
    const { users } = this.#target;
    if (users === undefined || this.#surroundings === undefined) return;
    const reading = this.#surroundings.readFile(users);
    const read = reading.ok ? readUsers(users, reading.bytes) : reading;
    if (read.ok) {
      this.#users = read.users;
      return;
    }
    this.#usersFailed = true;
    this.#report(['users'], `Cannot use ${quote(users)}: ${read.why}`);
  }

  #checkHeaderNames(): void {
    const seen = new Set<string>();
    for (const name of Object.keys(this.#target.headers)) {
      const path = ['headers', name];
      const lower = name.toLowerCase();
      if (!isToken(name)) {
        this.#report(path, `Cannot send the header ${quote(name)}: that is no name of a header`, KEY);
      } else if (Object.hasOwn(OWN_HEADERS, lower)) {
        const instead = OWN_HEADERS[lower] === undefined ? '' : `, "${OWN_HEADERS[lower]}" says what it does`;
        this.#report(path, `Cannot send the header "${name}": it belongs to the handshake${instead}`, KEY);
      } else if (seen.has(lower)) {
        this.#report(path, `Cannot send the header "${name}" twice: it stands here already`, KEY);
      }
      seen.add(lower);
    }
  }

  #checkTexts(): void {
    const { url, headers, subprotocols = [], driver, options } = this.#target;
    const texts: readonly Text[] = [
      ...url.map((text, index) => ({ path: ['url', index], text })),
      ...Object.entries(headers).map(([name, text]) => ({ path: ['headers', name], text })),
      ...subprotocols.map((text, index) => ({ path: ['subprotocols', index], text })),
    ];
    for (const { path, text } of texts) {
      this.#located(path, () => {
        for (const { path: name, offset } of compileTemplate(text).names) {
          const why = KNOWN_AT_CONNECT.has(name[0] ?? '') ? this.#unknown(name) : NOT_YET;
          if (why !== undefined) this.#report(path, `Cannot use "${name.join('.')}": ${why}`, { offset });
        }
      });
    }
    const below = Object.hasOwn(DRIVER_OPTIONS, driver) ? driver : 'options';
    this.#located([below], () => {
      for (const { at, path: name, offset } of compileTemplates(options).names) {
        const why = this.#unknown(name);
        if (why !== undefined)
          this.#report([below, ...at], `Cannot use "${name.join('.')}": ${why}`, { offset });
      }
    });
  }

  #checkDescription(): void {
    const { driver, options } = this.#target;
    if (driver !== 'json' || options === undefined) return;
    checkJson(options as JsonDescription, (path, message, extra) =>
      this.#report(['json', ...path], message, extra),
    );
  }

  #located(path: Path, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#report([...path, ...error.at], error.message, { offset: error.offset });
    }
  }

  /** Why there is no such value, in words; undefined when there is, or nobody can say. */
  #unknown([root, name = '']: readonly string[]): string | undefined {
    switch (root) {
      case 'user':
        return this.#unknownColumn(name);
      case 'env': {
        const env = this.#surroundings?.env;
        if (env === undefined || env[name] !== undefined) return undefined;
        const near = nearest(name, Object.keys(env));
        return `the environment has no ${name}${near === undefined ? '' : `, did you mean "${near}"?`}`;
      }
      case 'services':
        return `the scenario has no service "${name}"`;
      default:
        return undefined;
    }
  }

  #unknownColumn(name: string): string | undefined {
    const { users: file } = this.#target;
    if (file === undefined) return 'the target has no "users", a CSV or JSON file is wanted there';
    const users = this.#users;
    if (users === undefined || this.#usersFailed) return undefined;
    const without = users.firstWithout(name);
    if (without === undefined) return undefined;
    if (users.columns.includes(name)) return `row ${without + 1} of ${quote(file)} has no such value`;
    return `${quote(file)} has no column "${name}", ${suggest(name, users.columns, 'a column')}`;
  }

  #checkTls(): void {
    const { tls, url } = this.#target;
    const { ca, servername, insecure } = tls;
    const used =
      ca !== undefined ? 'ca' : servername !== undefined ? 'servername' : insecure ? 'insecure' : '';
    if (used !== '' && url.every((address) => address.startsWith('ws://'))) {
      const message = `Cannot use "${used}": no address begins with wss://, so there is no TLS`;
      this.#report(['tls', used], message, KEY);
    }
    if (insecure && ca !== undefined) {
      this.#report(
        ['tls', 'ca'],
        'Cannot use "ca": "insecure" takes any certificate, one of the two is wanted',
        KEY,
      );
    }
    if (ca === undefined || this.#surroundings === undefined) return;
    const reading = this.#surroundings.readFile(ca);
    const why = reading.ok
      ? this.#surroundings.certificateProblem(new TextDecoder().decode(reading.bytes))
      : reading.why;
    if (why !== undefined) this.#report(['tls', 'ca'], `Cannot use ${quote(ca)}: ${why}`);
  }

  #checkReconnect(): void {
    const { url, reconnectTo, timeout, connectRate } = this.#target;
    if (reconnectTo !== 'same' && url.length === 1) {
      const message = `Cannot use "${reconnectTo}" for "reconnectTo": there is one address, several are wanted`;
      this.#report(['reconnectTo'], message);
    }
    if (timeout < 1) this.#report(['timeout'], 'Cannot use 0ms for "timeout": at least 1ms is wanted');
    if (connectRate === 0) this.#report(['connectRate'], 'Cannot connect 0 clients a second: more is wanted');
  }

  /** Renders what every client will say, since values of its own may make a text that can't be sent. */
  #checkAttempts(): void {
    const templates = new AttemptTemplates(this.#target);
    if (templates.isConstant) {
      for (let address = 0; address < templates.addresses; address += 1) {
        this.#checkAttempt(templates.render(address, NOBODY), address, '');
      }
      return;
    }
    if (this.#surroundings === undefined) return;
    const { addresses } = templates;
    const each = this.#target.reconnectTo === 'same' ? 1 : addresses;
    const attempts = Math.min(ATTEMPTS_MAX, (this.#clients + this.#publishers) * each);
    for (let attempt = 0; attempt < attempts && this.#wrong === 0; attempt += 1) {
      const index = Math.floor(attempt / each);
      const scope = this.#scopeOf(index, this.#surroundings.env);
      const whose = index < this.#clients ? ` for client ${index}` : ` for publisher ${index}`;
      const address = (index + (attempt % each)) % addresses;
      this.#located([], () => {
        this.#checkAttempt(templates.render(address, scope), address, whose);
      });
    }
  }

  #scopeOf(index: number, env: Surroundings['env']): Scope {
    const user = this.#users === undefined ? {} : { user: userOf(this.#users, index) };
    const values = { client: { index, id: clientId(index) }, env, ...user };
    return { ...NOBODY, value: (path) => valueAt(values, path) };
  }

  #checkAttempt({ url, headers, subprotocols = [] }: Attempt, address: number, whose: string): void {
    const wrong = misaddressed(url);
    if (wrong !== undefined) {
      const written = this.#target.url[address] ?? '';
      const message = `Cannot use ${quote(written)} as a target${whose}: it ${wrong}, ws://host:port/path is wanted`;
      this.#report(['url', address], message);
    }
    for (const [name, value] of Object.entries(headers)) {
      if (isHeaderValue(value)) continue;
      const message = `Cannot send the header "${name}"${whose}: its value has a character that no header can have`;
      this.#report(['headers', name], message);
    }
    for (const [index, name] of subprotocols.entries()) {
      if (isToken(name) && subprotocols.indexOf(name) === index) continue;
      const why = isToken(name) ? 'it stands there already' : 'that is no name of a subprotocol';
      this.#report(['subprotocols', index], `Cannot offer ${quote(name)}${whose}: ${why}`);
    }
  }
}

/** Of several addresses, clients that may come to each of them are checked for each, up to so many times. */
const ATTEMPTS_MAX = 500_000;
const KEY = { aboutKey: true } as const;
const NOT_YET = 'it is not known yet when a client connects, client, user, env and services are';

/** For templates that ask for nothing, and functions whose values make no difference to a check. */
const NOBODY: Scope = {
  value: () => undefined,
  functions: {
    counter: () => 1,
    uuid: () => '00000000-0000-4000-8000-000000000000',
    now: (unit) => (unit === 'iso' ? '1970-01-01T00:00:00.000Z' : 0),
    random: (a) => a,
  },
};
