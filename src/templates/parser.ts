import { suggest } from '../text/nearest.ts';
import { FUNCTIONS, type Parameter, signature, type TemplateFunction } from './functions.ts';
import { unknownName } from './names.ts';
import { type Scope, TemplateError } from './scope.ts';
import { asInteger, asText } from './value.ts';

type Evaluate = (scope: Scope) => unknown;

/** A name in a template, with its place in the text. */
export interface TemplateName {
  readonly path: readonly string[];
  readonly offset: number;
}

export interface Parsed {
  readonly evaluate: Evaluate;
  readonly names: readonly TemplateName[];
  /** It asks for no name and calls nothing that varies. */
  readonly isConstant: boolean;
}

/**
 * Parses the text of a template.
 *
 *     text       = { characters | "{{" sum "}}" }
 *     sum        = product { ("+" | "-") product }
 *     product    = factor { ("*" | "/" | "%") factor }
 *     factor     = "-" factor | digits | quoted | "(" sum ")" | word "(" arguments ")" | name
 *     name       = word { "." (word | digits | quoted) }
 *
 * A quoted text is a template itself. In a name behind a dot, a hyphen between letters belongs to the word.
 *
 * @throws {TemplateError}
 */
export function parseTemplate(text: string): Parsed {
  const parser = new Parser(text, 0);
  const evaluate = parser.text();
  return { evaluate, names: parser.names, isConstant: !parser.varies };
}

const WORD_START = /[A-Za-z_]/;
const WORD = /[A-Za-z_0-9]/;
const DIGIT = /[0-9]/;
const NAME_REST = /[A-Za-z_0-9]+(-(?=[A-Za-z_])[A-Za-z_0-9]+|-(?=[0-9]+\.[A-Za-z_])[0-9]+)*/y;
const NESTING_MAX = 32;
/** Each is a call within a call when a template is rendered. */
const OPERATORS_MAX = 256;

const OPERATORS: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => Math.trunc(left / right),
  '%': (left, right) => left % right,
};

class Parser {
  readonly names: TemplateName[] = [];
  varies = false;
  readonly #text: string;
  /** Of this text in the whole one. */
  readonly #base: number;
  #at = 0;
  #depth = 0;
  #operators = 0;

  constructor(text: string, base: number) {
    this.#text = text;
    this.#base = base;
  }

  /** The whole text. One that is a single expression keeps the type of its value. */
  text(): Evaluate {
    const parts: (string | Evaluate)[] = [];
    while (this.#at < this.#text.length) {
      const open = this.#text.indexOf('{{', this.#at);
      const end = open < 0 ? this.#text.length : open;
      if (end > this.#at) parts.push(this.#text.slice(this.#at, end));
      this.#at = end;
      if (open >= 0) parts.push(this.#inBraces());
    }
    const [first = ''] = parts;
    if (parts.length <= 1) return typeof first === 'string' ? () => first : first;
    return joined(parts);
  }

  #inBraces(): Evaluate {
    const open = this.#at;
    this.#at += 2;
    const value = this.#sum();
    this.#skipSpace();
    if (this.#text.startsWith('}}', this.#at)) {
      this.#at += 2;
      return value;
    }
    if (this.#at >= this.#text.length) this.#fail('"{{" has no "}}"', open);
    return this.#fail(`"${this.#text[this.#at]}" is not expected here, an operator or "}}" is`);
  }

  #sum(): Evaluate {
    return this.#chain('+-', () => this.#chain('*/%', () => this.#factor()));
  }

  #chain(operators: string, operand: () => Evaluate): Evaluate {
    let left = operand();
    for (;;) {
      this.#skipSpace();
      const operator = this.#text[this.#at] ?? ' ';
      const apply = operators.includes(operator) ? OPERATORS[operator] : undefined;
      if (apply === undefined) return left;
      const offset = this.#base + this.#at;
      this.#operators += 1;
      if (this.#operators > OPERATORS_MAX) this.#fail(`it has more than ${OPERATORS_MAX} operators`);
      this.#at += 1;
      left = arithmetic({ operator, apply, left, right: operand(), offset });
    }
  }

  #factor(): Evaluate {
    this.#skipSpace();
    const character = this.#text[this.#at] ?? '';
    if (character === '-' || character === '(') return this.#nested(character);
    if (character === '"' || character === "'") return this.#quoted();
    if (DIGIT.test(character)) return this.#number();
    if (!WORD_START.test(character)) return this.#fail('a value is missing here');
    const offset = this.#at;
    const word = this.#while(WORD);
    if (this.#text[this.#at] === '(') return this.#call(word, offset);
    return this.#name(word, offset);
  }

  #nested(character: string): Evaluate {
    const open = this.#at;
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) this.#fail(`it is nested more than ${NESTING_MAX} deep`);
    this.#at += 1;
    const inner = character === '-' ? this.#factor() : this.#sum();
    this.#depth -= 1;
    if (character === '(') {
      this.#expect(')', open);
      return inner;
    }
    const [operator, apply] = ['-', (left: number, right: number) => left - right] as const;
    return arithmetic({ operator, apply, left: () => 0, right: inner, offset: this.#base + open });
  }

  #number(): Evaluate {
    const offset = this.#at;
    const value = Number(this.#while(DIGIT));
    if (!Number.isSafeInteger(value)) this.#fail('the number is too large', offset);
    return () => value;
  }

  #quoted(): Evaluate {
    const [start, text] = this.#quotedText();
    const inner = new Parser(text, this.#base + start);
    const evaluate = inner.text();
    this.names.push(...inner.names);
    this.varies ||= inner.varies;
    return evaluate;
  }

  #quotedText(): [start: number, text: string] {
    const open = this.#at;
    const end = this.#text.indexOf(this.#text[open] ?? '', open + 1);
    if (end < 0) this.#fail('the quote is not closed', open);
    this.#at = end + 1;
    return [open + 1, this.#text.slice(open + 1, end)];
  }

  #name(root: string, start: number): Evaluate {
    const path = [root];
    while (this.#text[this.#at] === '.') {
      this.#at += 1;
      path.push(this.#step());
    }
    const unknown = unknownName(path);
    const offset = this.#base + start;
    if (unknown !== undefined) throw new TemplateError(unknown, offset);
    this.names.push({ path, offset });
    this.varies = true;
    return (scope) => {
      const value = scope.value(path);
      if (value !== undefined) return value;
      throw new TemplateError(`Cannot render "${path.join('.')}": there is no such value here`, offset);
    };
  }

  #step(): string {
    const character = this.#text[this.#at] ?? '';
    if (character === '"' || character === "'") return this.#quotedText()[1];
    NAME_REST.lastIndex = this.#at;
    const [step] = NAME_REST.exec(this.#text) ?? [];
    if (step === undefined) return this.#fail('a name is missing behind the dot');
    this.#at += step.length;
    return step;
  }

  #call(name: string, start: number): Evaluate {
    const called = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (called === undefined) {
      const hint = suggest(name, Object.keys(FUNCTIONS), 'a function');
      throw new TemplateError(`Cannot call "${name}" in a template: ${hint}`, this.#base + start);
    }
    this.#at += 1;
    this.varies ||= called.varies;
    const values = called.parameters.map((parameter, index) => {
      if (index > 0) this.#separator(',', name, called);
      return this.#argument(parameter, signature(name, called));
    });
    this.#separator(')', name, called);
    return (scope) =>
      called.call(
        scope,
        values.map((value) => value(scope)),
      );
  }

  #separator(wanted: string, name: string, called: TemplateFunction): void {
    this.#skipSpace();
    if (this.#text[this.#at] !== wanted) this.#fail(`"${wanted}" is missing in ${signature(name, called)}`);
    this.#at += 1;
  }

  #argument(parameter: Parameter, shown: string): Evaluate {
    this.#skipSpace();
    const offset = this.#at;
    switch (parameter.kind) {
      case 'word': {
        const word = this.#word();
        if (word === '') return this.#fail(`a word is missing in ${shown}`, offset);
        const { choices } = parameter;
        if (choices === undefined || choices.includes(word)) return () => word;
        return this.#fail(`"${word}" is unknown in ${shown}: ${suggest(word, choices, 'it')}`, offset);
      }
      case 'integer': {
        const value = this.#sum();
        return (scope) => integer(value(scope), this.#base + offset);
      }
      case 'any':
        return this.#sum();
    }
  }

  #word(): string {
    const character = this.#text[this.#at] ?? '';
    if (character === '"' || character === "'") return this.#quotedText()[1];
    return this.#while(WORD);
  }

  #expect(wanted: string, open: number): void {
    this.#skipSpace();
    if (this.#text[this.#at] !== wanted) this.#fail(`the bracket has no "${wanted}"`, open);
    this.#at += 1;
  }

  #while(kind: RegExp): string {
    const start = this.#at;
    while (this.#at < this.#text.length && kind.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #fail(why: string, at = this.#at): never {
    throw new TemplateError(`Cannot read the template: ${why}`, this.#base + at);
  }
}

function joined(parts: readonly (string | Evaluate)[]): Evaluate {
  return (scope) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : asText(part(scope));
    return text;
  };
}

function arithmetic(options: {
  readonly operator: string;
  readonly apply: (left: number, right: number) => number;
  readonly left: Evaluate;
  readonly right: Evaluate;
  readonly offset: number;
}): Evaluate {
  const { operator, apply, left, right, offset } = options;
  const divides = operator === '/' || operator === '%';
  return (scope) => {
    const [first, second] = [integer(left(scope), offset), integer(right(scope), offset)];
    if (divides && second === 0) throw new TemplateError('Cannot render a template: it divides by 0', offset);
    const value = apply(first, second);
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    throw new TemplateError('Cannot render a template: the number is too large', offset);
  };
}

/** The values stay out of the message: they may be secrets. */
function integer(value: unknown, offset: number): number {
  const number = asInteger(value);
  if (number !== undefined) return number;
  throw new TemplateError('Cannot render a template: only whole numbers can be calculated with', offset);
}
