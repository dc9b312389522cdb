import { PlainFunctions } from '../templates/plain-functions.ts';
import type { Scope } from '../templates/scope.ts';
import { valueAt } from '../templates/value-at.ts';
import type { ClientValues, DriverPorts } from './driver.ts';

/** What the templates of one client may ask for: what is known of it, and of the message or room at hand. */
export class ClientScope implements Scope {
  readonly functions: PlainFunctions;
  /** Beside what is known of the client; of the message or room that is rendered at present. */
  local: Readonly<Record<string, unknown>> = {};
  readonly #values: ClientValues;

  /** @param ports - ids and numbers come out of the client's own randomness */
  constructor(values: ClientValues, ports: Pick<DriverPorts, 'epochMs' | 'contentRandom'>) {
    this.#values = values;
    this.functions = new PlainFunctions({ epochMs: ports.epochMs, random: ports.contentRandom });
  }

  value(path: readonly string[]): unknown {
    return valueAt(Object.hasOwn(this.local, path[0] ?? '') ? this.local : this.#values, path);
  }

  /** A new connection, whose counters begin again. */
  restart(): void {
    this.functions.restart();
  }
}
