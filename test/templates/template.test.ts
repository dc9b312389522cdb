import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/templates/scope.ts';
import { TemplateError } from '../../src/templates/scope.ts';
import { compileTemplate, compileTemplates } from '../../src/templates/template.ts';

const VALUES: Readonly<Record<string, unknown>> = {
  'client.index': 7,
  'client.id': 'client-7',
  'user.id': '42',
  'user.first name': 'Ann',
  'user.first-name': 'Bea',
  'user.none': '',
  'env.KEY': 'k',
  room: 'r1',
  payload: { b: [1, 'x'] },
  'frame.0.data.n': 3,
  'services.my-app.port': 8080,
  'services.app-1.port': 8081,
  'message.seq': 9,
  'saved.flag': false,
};

function scopeOf(values: Readonly<Record<string, unknown>> = VALUES): Scope {
  const counts = new Map<string, number>();
  return {
    value: (path) => values[path.join('.')],
    functions: {
      counter(name) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        return counts.get(name) ?? 0;
      },
      uuid: () => 'u-u-i-d',
      now: (unit) => (unit === 'iso' ? '2020-01-01T00:00:00.000Z' : { ms: 1000, s: 1, us: 1_000_000 }[unit]),
      random: (a, b) => a + b,
    },
  };
}

function render(text: string): unknown {
  return compileTemplate(text).render(scopeOf());
}

function failure(action: () => unknown): { message: string; offset: number; at: readonly unknown[] } {
  try {
    action();
  } catch (error) {
    if (error instanceof TemplateError) return { message: error.message, offset: error.offset, at: error.at };
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('a template', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['{{ client.index }}', 7],
    ['{{client.index}}', 7],
    ['c{{ client.index }}', 'c7'],
    ['{{ client.index }}{{ client.index }}', '77'],
    ['{{ payload }}', { b: [1, 'x'] }],
    ['PUB {{ payload }}', 'PUB {"b":[1,"x"]}'],
    ['{{ json(payload) }}', '{"b":[1,"x"]}'],
    ['{"a":{"b":{{ payload }}}}', '{"a":{"b":{"b":[1,"x"]}}}'],
    ['{{ saved.flag }}', false],
    ['is {{ saved.flag }}', 'is false'],
    ['{{ user.none }}', ''],
    ['{{ user."first name" }}', 'Ann'],
    ['{{ user.first-name }}', 'Bea'],
    ['{{ frame.0.data.n }}', 3],
    ['ws://127.0.0.1:{{ services.my-app.port }}/', 'ws://127.0.0.1:8080/'],
    ['{{ services.app-1.port }}', 8081],
    ['{{ "{" }}{', '{{'],
    ['a}}b', 'a}}b'],
  ])('renders %j', (text, expected) => {
    expect(render(text)).toEqual(expected);
  });

  it.each([
    ['{{ client.index % 5 }}', 2],
    ['{{ client.index-1 }}', 6],
    ['{{ 2 + 3 * 4 }}', 14],
    ['{{ (2 + 3) * 4 }}', 20],
    ['{{ 10 - 3 - 2 }}', 5],
    ['{{ -7 / 2 }}', -3],
    ['{{ 7 - -2 }}', 9],
    ['{{ 0 * -1 }}', 0],
    ['{{ user.id + 1 }}', 43],
    ['{{ now(ms) - 60 * 1000 }}', -59_000],
  ])('calculates %j', (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  it('calculates as whole numbers do, with the usual precedence', () => {
    const number = fc.integer({ min: 0, max: 99 });
    const operator = fc.constantFrom('+', '-', '*');
    fc.assert(
      fc.property(number, fc.array(fc.tuple(operator, number), { maxLength: 6 }), (first, rest) => {
        const text = [String(first), ...rest.flatMap(([sign, value]) => [sign, String(value)])].join(' ');
        // The text has only digits and the operators that JavaScript has too.
        const expected = new Function(`return ${text}`)() as number;
        expect(render(`{{ ${text} }}`)).toBe(expected === 0 ? 0 : expected);
      }),
    );
  });

  it('calls its functions', () => {
    const hmac = createHmac('sha256', 'k').update('7 GET /x').digest('hex');
    expect(render('{{ hmac(sha256, env.KEY, "{{ client.index }} GET /x", hex) }}')).toBe(hmac);
    const sha384 = createHmac('sha384', 'k').update('{"b":[1,"x"]}').digest('base64');
    expect(render('{{ hmac(sha384, env.KEY, payload, base64) }}')).toBe(sha384);
    expect(render('{{ base64("übel{{ client.index }}") }}')).toBe(Buffer.from('übel7').toString('base64'));
    expect(render('{{ base64(payload) }}')).toBe(Buffer.from('{"b":[1,"x"]}').toString('base64'));
    expect(render('{{ random(2, client.index) }}')).toBe(9);
    expect(render('{{ uuid() }}')).toBe('u-u-i-d');
    expect(render('{{ now(iso) }}')).toBe('2020-01-01T00:00:00.000Z');
    expect(render('{{ counter(a) }}{{ counter("a") }}{{ counter(b) }}')).toBe('121');
  });

  it('says what it asks for, within quoted texts too', () => {
    const { names, isConstant } = compileTemplate('a {{ user.id }} {{ base64("x{{ env.KEY }}") }}');
    expect(names).toEqual([
      { path: ['user', 'id'], offset: 5 },
      { path: ['env', 'KEY'], offset: 31 },
    ]);
    expect(isConstant).toBe(false);
  });

  it('knows whether it is the same always', () => {
    expect(compileTemplate('a {{ 1 + 2 }} {{ base64("x") }}').isConstant).toBe(true);
    expect(compileTemplate('{{ uuid() }}').isConstant).toBe(false);
    expect(compileTemplate('{{ base64("{{ uuid() }}") }}').isConstant).toBe(false);
  });
});

describe('a template that is wrong', () => {
  it.each([
    ['a {{ client.index', 2, '"{{" has no "}}"'],
    ['a {{ }}', 5, 'a value is missing here'],
    ['{{ client.index client.id }}', 16, '"c" is not expected here, an operator or "}}" is'],
    ['{{ (1 + 2 }}', 3, 'the bracket has no ")"'],
    ['{{ 1 + }}', 7, 'a value is missing here'],
    ['{{ "x }}', 3, 'the quote is not closed'],
    ['{{ client. }}', 10, 'a name is missing behind the dot'],
    ['{{ 99999999999999999999 }}', 3, 'the number is too large'],
    [`{{ ${'('.repeat(40)} }}`, 35, 'it is nested more than 32 deep'],
    [`{{ 1${'+1'.repeat(300)} }}`, 516, 'it has more than 256 operators'],
    ['{{ clinet.index }}', 3, 'there is no value "clinet", did you mean "client"?'],
    ['{{ client.indx }}', 3, '"client" has no "indx", did you mean "index"?'],
    ['{{ client }}', 3, '"client" has values inside, as in "client.index"'],
    ['{{ room.name }}', 3, '"room" has nothing inside'],
    ['{{ user.a.b }}', 3, '"user.a" has nothing inside'],
    ['{{ constructor }}', 3, 'there is no value "constructor"'],
    ['{{ services.app.pid }}', 3, 'only its port is known'],
    ['ab {{ uid() }}', 6, 'Cannot call "uid" in a template: did you mean "uuid"?'],
    ['{{ toString() }}', 3, 'Cannot call "toString"'],
    ['{{ now(sec) }}', 7, '"sec" is unknown in now(ms|s|us|iso)'],
    ['{{ random(1) }}', 11, '"," is missing in random(a, b)'],
    ['{{ uuid(1) }}', 8, '")" is missing in uuid()'],
    ['{{ base64("a{{ clint.id }}") }}', 15, 'did you mean "client"?'],
  ])('is refused with its place: %j', (text, offset, message) => {
    const found = failure(() => compileTemplate(text));
    expect(found.message).toContain(message);
    expect(found.offset).toBe(offset);
  });

  it.each([
    ['x{{ user.name }}', 4, 'Cannot render "user.name": there is no such value here'],
    ['{{ client.index / (7 - client.index) }}', 16, 'it divides by 0'],
    ['{{ payload + 1 }}', 11, 'only whole numbers can be calculated with'],
    ['{{ user.none + 1 }}', 13, 'only whole numbers can be calculated with'],
    ['{{ 9007199254740991 * 2 }}', 20, 'the number is too large'],
    ['{{ random(1, room) }}', 13, 'only whole numbers can be calculated with'],
  ])('fails with its place when it is rendered: %j', (text, offset, message) => {
    const template = compileTemplate(text);
    const found = failure(() => template.render(scopeOf()));
    expect(found.message).toContain(message);
    expect(found.offset).toBe(offset);
  });

  it('never fails with anything but a TemplateError', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      ' ',
      'client',
      '.',
      'index',
      '(',
      ')',
      '+',
      '-',
      '"',
      "'",
      '1',
      ',',
      'json',
      'now',
      'ms',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          compileTemplate(pieces.join('')).render(scopeOf());
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a tree of templates', () => {
  const tree = { a: ['{{ client.index }}', { b: 'x{{ room }}' }], c: { d: 1, e: null }, f: 'plain' };

  it('renders every text and keeps what is none', () => {
    const compiled = compileTemplates(tree);
    expect(compiled.render(scopeOf())).toEqual({ a: [7, { b: 'xr1' }], c: { d: 1, e: null }, f: 'plain' });
    expect(compiled.names).toEqual([
      { path: ['client', 'index'], offset: 3, at: ['a', 0] },
      { path: ['room'], offset: 4, at: ['a', 1, 'b'] },
    ]);
  });

  it('shares the parts that are constant', () => {
    const compiled = compileTemplates(tree);
    const [first, second] = [compiled.render(scopeOf()), compiled.render(scopeOf())] as (typeof tree)[];
    expect(first?.c).toBe(second?.c);
    expect(first?.a).not.toBe(second?.a);
    expect(compileTemplates({ a: [1, 'b'] }).isConstant).toBe(true);
  });

  it('says in which text an error is', () => {
    const unread = failure(() => compileTemplates({ a: [1, '{{ rom }}'] }));
    expect(unread).toMatchObject({ offset: 3, at: ['a', 1] });
    const unrendered = failure(() => compileTemplates({ a: { b: '{{ user.x }}' } }).render(scopeOf()));
    expect(unrendered).toMatchObject({ offset: 3, at: ['a', 'b'] });
    expect(failure(() => compileTemplates(['{{ 1 / 0 }}']))).toMatchObject({ offset: 5, at: [0] });
  });
});
