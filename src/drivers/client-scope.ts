import { PlainFunctions } from '../templates/plain-functions.ts';
import type { Scope } from '../templates/scope.ts';
import { valueAt } from '../templates/value-at.ts';
import type { ClientValues, DriverPorts } from './driver.ts';

const NOTHING: Readonly<Record<string, unknown>> = {};

/** What the templates of one client may ask for: what is known of it, and of the message or room at hand. */
export class ClientScope implements Scope {
  readonly #ports: Pick<DriverPorts, 'epochMs' | 'contentRandom'>;
  #functions: PlainFunctions | undefined;
  /** Beside what is known of the client; of the message or room that is rendered at present. */
  local: Readonly<Record<string, unknown>> = NOTHING;
  readonly #values: ClientValues;

  /** @param ports - ids and numbers come out of the client's own randomness */
  constructor(values: ClientValues, ports: Pick<DriverPorts, 'epochMs' | 'contentRandom'>) {
    this.#values = values;
    this.#ports = ports;
  }

  get functions(): PlainFunctions {
    if (this.#functions === undefined) {
      const { epochMs, contentRandom: random } = this.#ports;
      this.#functions = new PlainFunctions({ epochMs, random });
    }
    return this.#functions;
  }

  value(path: readonly string[]): unknown {
    return valueAt(Object.hasOwn(this.local, path[0] ?? '') ? this.local : this.#values, path);
  }

  /** Nothing is at hand any more. */
  forget(): void {
    this.local = NOTHING;
  }

  /** A new connection, whose counters begin again. */
  restart(): void {
    this.#functions?.restart();
  }
}
