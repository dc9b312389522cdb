import type { Scope } from '../../templates/scope.ts';
import { compileTemplates, type TreeTemplate } from '../../templates/template.ts';
import { asText } from '../../templates/value.ts';
import type { Target } from './target-schema.ts';

/** What one attempt to connect says: where to, with which headers, in which subprotocols. */
export interface Attempt {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: those of the driver. */
  readonly subprotocols: readonly string[] | undefined;
}

/** The templates of a target that are rendered for each attempt to connect. */
export class AttemptTemplates {
  /** Every attempt to one address is the same. */
  readonly isConstant: boolean;
  /** For each address; errors lead to the text by keys of the target. */
  readonly #trees: readonly TreeTemplate[];
  readonly #constant: (Attempt | undefined)[] = [];

  /** @throws {TemplateError} */
  constructor({ url, headers, subprotocols }: Pick<Target, 'url' | 'headers' | 'subprotocols'>) {
    this.#trees = url.map((text, address) =>
      compileTemplates({ url: { [address]: text }, headers, subprotocols }),
    );
    this.isConstant = this.#trees.every(({ isConstant }) => isConstant);
  }

  get addresses(): number {
    return this.#trees.length;
  }

  /**
   * @param address - which of the addresses, from 0
   * @throws {TemplateError}
   */
  render(address: number, scope: Scope): Attempt {
    const tree = this.#trees[address];
    if (tree === undefined) throw new RangeError(`Cannot dial address ${address}: there is none`);
    const known = this.#constant[address];
    if (known !== undefined) return known;
    const attempt = attemptOf(tree.render(scope) as Rendered, address);
    if (tree.isConstant) this.#constant[address] = attempt;
    return attempt;
  }
}

interface Rendered {
  readonly url: Readonly<Record<number, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly subprotocols: readonly unknown[] | undefined;
}

function attemptOf({ url, headers, subprotocols }: Rendered, address: number): Attempt {
  return {
    url: asText(url[address]),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, asText(value)])),
    subprotocols: subprotocols?.map(asText),
  };
}
