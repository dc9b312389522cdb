import { ClientScope } from '../client-scope.ts';
import type { ClientValues, DriverPorts } from '../driver.ts';

/** What is known of the message, room or frame at hand, beside what is known of the client. */
export interface AtHand {
  readonly room?: string | undefined;
  readonly frame?: unknown;
  readonly message?: { readonly seq?: unknown; readonly id?: unknown };
  readonly stamp?: string;
  readonly body?: string;
  readonly payload?: unknown;
}

const NOTHING: AtHand = {};

/**
 * What the templates of one client may ask for.
 *
 * A pattern says what the answer to something sent will hold. There a counter does not count on: it has the number that
 * it gave last.
 */
export class JsonScope extends ClientScope {
  /** What descriptions saved, over all connections. */
  readonly saved: Record<string, unknown> = {};
  readonly #last: (room: string | undefined) => unknown;
  #atHand = NOTHING;

  /** @param last - the highest seq taken in; of a room where each has its own */
  constructor(values: ClientValues, ports: DriverPorts, last: (room: string | undefined) => unknown) {
    super(values, ports);
    this.#last = last;
  }

  /** For something to be sent. */
  with(atHand: AtHand): this {
    this.#atHand = atHand;
    this.local = atHand as Readonly<Record<string, unknown>>;
    this.functions.counting = true;
    return this;
  }

  /** For a pattern of what will come. */
  expecting(atHand: AtHand = NOTHING): this {
    this.with(atHand);
    this.functions.counting = false;
    return this;
  }

  override value(path: readonly string[]): unknown {
    const [root, name = ''] = path;
    if (root !== 'saved') return super.value(path);
    if (name === 'last') return this.#last(this.#atHand.room);
    return Object.hasOwn(this.saved, name) ? this.saved[name] : undefined;
  }
}
