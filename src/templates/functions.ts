import { createHmac } from 'node:crypto';
import { type Scope, TIME_UNITS, type TimeUnit } from './scope.ts';
import { asText } from './value.ts';

/** `word` stands for itself, one of the choices where there are some; the others are expressions. */
export type Parameter =
  | { readonly kind: 'word'; readonly name: string; readonly choices?: readonly string[] }
  | { readonly kind: 'integer'; readonly name: string }
  | { readonly kind: 'any'; readonly name: string };

export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** Its value is another one each time, or for each scope. */
  readonly varies: boolean;
  /** @param values - one for each parameter, words as texts, integers as numbers */
  call(scope: Scope, values: readonly unknown[]): unknown;
}

const HASHES = ['sha256', 'sha1', 'sha384', 'sha512'];
const ENCODINGS = ['hex', 'base64'] as const;

/** Everything that a template can call. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  counter: {
    parameters: [{ kind: 'word', name: 'name' }],
    varies: true,
    call: ({ functions }, [name]) => functions.counter(String(name)),
  },
  uuid: { parameters: [], varies: true, call: ({ functions }) => functions.uuid() },
  now: {
    parameters: [{ kind: 'word', name: 'unit', choices: TIME_UNITS }],
    varies: true,
    call: ({ functions }, [unit]) => functions.now(unit as TimeUnit),
  },
  random: {
    parameters: [
      { kind: 'integer', name: 'a' },
      { kind: 'integer', name: 'b' },
    ],
    varies: true,
    call: ({ functions }, [a, b]) => functions.random(Number(a), Number(b)),
  },
  base64: {
    parameters: [{ kind: 'any', name: 'x' }],
    varies: false,
    call: (_, [x]) => base64(asText(x)),
  },
  json: {
    parameters: [{ kind: 'any', name: 'x' }],
    varies: false,
    call: (_, [x]) => JSON.stringify(x),
  },
  hmac: {
    parameters: [
      { kind: 'word', name: 'hash', choices: HASHES },
      { kind: 'any', name: 'key' },
      { kind: 'any', name: 'text' },
      { kind: 'word', name: 'encoding', choices: ENCODINGS },
    ],
    varies: false,
    call: (_, [hash, key, text, encoding]) =>
      createHmac(String(hash), asText(key))
        .update(asText(text))
        .digest(encoding as (typeof ENCODINGS)[number]),
  },
};

/** As in `now(ms|s|us|iso)`. */
export function signature(name: string, { parameters }: TemplateFunction): string {
  const shown = parameters.map((parameter) =>
    parameter.kind === 'word' && parameter.choices !== undefined
      ? parameter.choices.join('|')
      : parameter.name,
  );
  return `${name}(${shown.join(', ')})`;
}

function base64(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
