import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableParagraph } from '../../src/text/printable.ts';

/** Written independently of the code under test: what no terminal may be sent. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const STEERS = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]/u;

const unicode = fc.string({ unit: 'binary' });
const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
const hostile = fc
  .array(
    fc.constantFrom('\u001b[31m', '\u009b2J', '\u202e', '\u2066', '\ud800', '\r', '\n', '\u0007', 'a', 'é'),
  )
  .map((parts) => parts.join(''));

describe('printable', () => {
  it.each([
    ['\u001b[2Jgone', '\\x1b[2Jgone'],
    ['\u009b31m', '\\x9b31m'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['user\u202etxt.exe', 'user\\u202etxt.exe'],
    ['\ud800x', '\\ud800x'],
    ['\u0000', '\\x00'],
  ])('escapes %j', (text, expected) => expect(printable(text)).toBe(expected));

  it.each(['größer → 日本語', '👩‍👩‍👧‍👦', 'می‌خواهم', 'C:\\temp', '1\u00a0000'])(
    'leaves %s as it is',
    (text) => expect(printable(text)).toBe(text),
  );

  it('lets nothing through that steers a terminal, and says the same when it is asked again', () => {
    fc.assert(
      fc.property(fc.oneof(unicode, units, hostile), (text) => {
        const once = printable(text);
        expect(STEERS.test(once)).toBe(false);
        expect(printable(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the line ends of a paragraph for spaces', () => {
    expect(printableParagraph('one\n  two\r\nthree\n')).toBe('one two three');
  });

  it('keeps JSON the same document', () => {
    fc.assert(
      fc.property(fc.oneof(unicode, units, hostile), (text) => {
        const json = printableJson(JSON.stringify({ [text]: [text] }, undefined, 2));
        expect(JSON.parse(json)).toEqual({ [text]: [text] });
        expect(STEERS.test(json.replaceAll('\n', ''))).toBe(false);
      }),
    );
  });
});
