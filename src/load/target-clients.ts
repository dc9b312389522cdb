import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClientScope } from '../drivers/client-scope.ts';
import { ConnectPace } from '../drivers/connect-pace.ts';
import type { ClientValues, Driver } from '../drivers/driver.ts';
import type { Clock, Dial, Http } from '../protocol/ports.ts';
import { AttemptTemplates } from '../scenario/target/attempt.ts';
import type { Target } from '../scenario/target/target-schema.ts';
import { readUsers, userOf } from '../scenario/target/users.ts';
import { TemplateError } from '../templates/scope.ts';
import { compileTemplates } from '../templates/template.ts';
import { asText } from '../templates/value.ts';
import { valueAt } from '../templates/value-at.ts';
import { isSecretName, withoutValues } from '../text/secrets.ts';
import { createDialer, type DialerOptions, type TlsOptions } from '../world/real/dial.ts';
import { FailedLink } from '../world/real/failed-link.ts';
import { createHttp } from '../world/real/http.ts';

/** Who connects to a target from this process. */
export interface TargetClientsOptions {
  readonly target: Target;
  /** To which files of the target are relative. */
  readonly folder: string;
  readonly driver: Driver;
  readonly clock: Clock;
  /** Numbers of those whose values are asked for. */
  readonly clients: readonly number[];
  /** Share of all clients that connect from here, 0..1; absent: they connect as they want to. */
  readonly share?: number;
  /** Dials with `ws` always, since the target is known to redirect. */
  readonly alwaysWs?: boolean;
  readonly onRedirect?: () => void;
}

/** How the clients of one process connect to a target, and what their templates may ask for. */
export class TargetClients {
  readonly http: Http;
  readonly pace: ConnectPace | undefined;
  readonly #target: Target;
  readonly #templates: AttemptTemplates;
  readonly #dial: Dial;
  readonly #users: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  readonly #env: ClientValues['env'] = { ...process.env };
  readonly #addressOf: (url: string) => string;
  readonly #secretNames: readonly (readonly string[])[];

  constructor(options: TargetClientsOptions) {
    const { target, folder, share, clock } = options;
    const tls = tlsOf(target, folder);
    this.#target = target;
    this.#templates = new AttemptTemplates(target);
    this.#secretNames = secretNames(target);
    this.#addressOf = (url) => options.driver.addressOf?.(url) ?? url;
    this.#dial = createDialer(dialerOptions(options, tls));
    this.#users = usersOf(target, folder, options.clients);
    this.http = createHttp(tls);
    this.pace =
      target.connectRate === undefined || share === undefined
        ? undefined
        : new ConnectPace(clock, target.connectRate * share);
  }

  valuesFor(index: number, id: string): ClientValues {
    const user = this.#users.get(index);
    return { client: { index, id }, env: this.#env, services: {}, ...(user === undefined ? {} : { user }) };
  }

  /** A text, such as the reason of a close, without what the client of these values must not give away. */
  withoutSecrets(text: string, values: ClientValues): string {
    const address = values.client.index % this.#templates.addresses;
    const { headers } = this.#templates.render(address, this.#scopeOf(values));
    const ofHeaders = Object.entries(headers).flatMap(([name, value]) => (isSecretName(name) ? value : []));
    const named = this.#secretNames.map((path) => asText(valueAt(values, path) ?? ''));
    return withoutValues(text, [...ofHeaders, ...named]);
  }

  /** Ids and numbers of a run are others than those of the run before, which the server may remember. */
  #scopeOf(values: ClientValues): ClientScope {
    return new ClientScope(values, { epochMs: Date.now, contentRandom: { next: Math.random } });
  }

  /** Of one client, which begins at an address of its own and renders what it says for each attempt. */
  dialFor(values: ClientValues): Dial {
    const { addresses } = this.#templates;
    const { reconnectTo } = this.#target;
    let attempts = 0;
    const nextAddress = (): number => {
      const attempt = attempts;
      attempts += 1;
      if (reconnectTo === 'random' && attempt > 0) return Math.floor(Math.random() * addresses);
      return (values.client.index + (reconnectTo === 'next' ? attempt : 0)) % addresses;
    };
    return (events, request = {}) => {
      try {
        const usual = this.#templates.render(nextAddress(), this.#scopeOf(values));
        const { subprotocols } = { ...usual, ...request };
        return this.#dial(events, {
          url: request.url ?? this.#addressOf(usual.url),
          headers: request.headers === undefined ? usual.headers : { ...usual.headers, ...request.headers },
          ...(subprotocols === undefined ? {} : { subprotocols }),
        });
      } catch (error) {
        if (error instanceof TemplateError) return new FailedLink(error.message, events);
        throw error;
      }
    };
  }
}

function dialerOptions(options: TargetClientsOptions, tls: TlsOptions): DialerOptions {
  const { target, driver, alwaysWs, onRedirect } = options;
  return {
    subprotocols: driver.subprotocols ?? [],
    tls,
    compression: target.compression,
    handshakeTimeoutMs: target.timeout,
    ...(alwaysWs === undefined ? {} : { alwaysWs }),
    ...(onRedirect === undefined ? {} : { onRedirect }),
  };
}

function tlsOf({ tls }: Target, folder: string): TlsOptions {
  const { ca, servername, insecure } = tls;
  return {
    insecure,
    ...(ca === undefined ? {} : { ca: readFileSync(resolve(folder, ca), 'utf8') }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** Nothing but the rows that are asked for is kept of the file. */
function usersOf(
  { users: file }: Target,
  folder: string,
  clients: readonly number[],
): ReadonlyMap<number, Readonly<Record<string, unknown>>> {
  if (file === undefined) return new Map();
  const reading = readUsers(file, readFileSync(resolve(folder, file)));
  if (!reading.ok) throw new Error(`Cannot use "${file}": ${reading.why}`);
  return new Map(clients.map((client) => [client, userOf(reading.users, client)]));
}

/** Names of values that are secrets: all of the environment, and of users what its column or its header says is one. */
function secretNames({ url, headers, subprotocols, options }: Target): readonly (readonly string[])[] {
  const { names } = compileTemplates({ url, headers, subprotocols, options });
  return names
    .filter(({ at, path: [root = '', name = ''] }) => {
      if (root === 'env') return true;
      return root === 'user' && (isSecretName(name) || at.some((step) => isSecretName(String(step))));
    })
    .map(({ path }) => path);
}
