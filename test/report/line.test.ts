import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clip,
  facts,
  justify,
  type Line,
  line,
  lineWidth,
  span,
  textWidth,
  wrap,
} from '../../src/report/line.ts';

function textOf(content: Line): string {
  return content.map(({ text }) => text).join('');
}

describe('wrap', () => {
  it('breaks at spaces and indents what follows', () => {
    expect(wrap(line('one two three four'), 9, 2).map(textOf)).toEqual(['one two', '  three', '  four']);
  });

  it('keeps the tone of each word', () => {
    const [, second] = wrap(line('plain ', span('bad words', 'bad')), 10);
    expect(second).toEqual([{ text: 'words', tone: 'bad' }]);
  });

  it('cuts a word that is longer than a line', () => {
    expect(wrap(line('abcdefgh'), 3).map(textOf)).toEqual(['abc', 'def', 'gh']);
  });

  it('gives up leading spaces for a word that needs their room', () => {
    expect(wrap(line('  abcdefgh x'), 8).map(textOf)).toEqual(['abcdefgh', 'x']);
    expect(wrap(line('  abcdef x'), 8).map(textOf)).toEqual(['  abcdef', 'x']);
  });

  it('keeps all words in their order and every line within the width, for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 8, max: 60 }),
        fc.integer({ min: 0, max: 4 }),
        (text, width, indent) => {
          const lines = wrap(line(text), width, indent);
          for (const each of lines) expect(lineWidth(each)).toBeLessThanOrEqual(width);
          const squeezed = (words: string) => words.replaceAll(' ', '');
          expect(squeezed(lines.map(textOf).join(''))).toBe(squeezed(textOf(line(text))));
        },
      ),
    );
  });
});

describe('clip', () => {
  it('ends in an ellipsis when something is cut, and leaves the rest alone', () => {
    expect(textOf(clip(line('abc', 'def'), 5))).toBe('abcd…');
    expect(textOf(clip(line('abc', 'def'), 6))).toBe('abcdef');
  });

  it('counts wide characters as two columns', () => {
    expect(textOf(clip(line('日本語'), 5))).toBe('日本…');
  });
});

describe('facts', () => {
  it('moves a fact to the next line as a whole', () => {
    expect(facts([line('one fact'), line('another fact')], 20).map(textOf)).toEqual([
      'one fact',
      'another fact',
    ]);
    expect(facts([line('one fact'), line('another fact')], 23).map(textOf)).toEqual([
      'one fact · another fact',
    ]);
  });
});

describe('justify', () => {
  it('leaves out the right part when there is no room for it', () => {
    expect(textOf(justify(line('left'), line('right'), 12))).toBe('left   right');
    expect(textOf(justify(line('left'), line('right'), 10))).toBe('left');
  });
});

describe('span', () => {
  it('escapes control and direction characters', () => {
    expect(span('a\u001b[31m\u202eb\nc').text).toBe('a\\x1b[31m\\u202eb\\nc');
  });
});

describe('textWidth', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['👩‍👩‍👧‍👦', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['▏█…✓', 4],
    ['ｱ', 1],
    ['한글', 4],
  ])('of %s is %d columns', (text, width) => expect(textWidth(text)).toBe(width));

  it('never cuts through what takes its place as a whole', () => {
    expect(textOf(clip(line('👩‍👩‍👧‍👦👩‍👩‍👧‍👦x'), 4))).toBe('👩‍👩‍👧‍👦…');
    expect(wrap(line('🙂🙂'), 1).map(textOf)).toEqual(['🙂', '🙂']);
  });
});
