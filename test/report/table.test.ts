import { describe, expect, it } from 'vitest';
import { type Line, line } from '../../src/report/line.ts';
import { type Column, table } from '../../src/report/table.ts';

const COLUMNS: readonly Column[] = [
  { title: '', align: 'left', cells: [line('short'), line('much longer')] },
  { title: 'kept', cells: [line('1'), line('22')] },
  { title: 'second', dispensable: 1, cells: [line('3'), line('4')] },
  { title: 'first', dispensable: 2, cells: [line('5'), line('6')] },
];

function texts(lines: readonly Line[]): string[] {
  return lines.map((each) => each.map(({ text }) => text).join(''));
}

describe('table', () => {
  it('aligns names left and numbers right under their titles', () => {
    expect(texts(table(COLUMNS, 33))).toEqual([
      '             kept  second  first',
      'short           1       3      5',
      'much longer    22       4      6',
    ]);
  });

  it('gives up the most dispensable column first where room is short', () => {
    expect(texts(table(COLUMNS, 28))[0]).toBe('              kept   second');
    expect(texts(table(COLUMNS, 20))[0]).toBe('               kept');
  });

  it('cuts the names at last, in their middle, so that they stay apart', () => {
    expect(texts(table(COLUMNS, 12))).toEqual(['        kept', 'short      1', 'muc…er    22']);
    const names = ['mobile-clients-east', 'mobile-clients-west'];
    const cut = texts(table([{ title: '', align: 'left', cells: names.map((name) => line(name)) }], 12));
    expect(cut).toEqual(['mobile…-east', 'mobile…-west']);
  });

  it('has no line of titles when there are none', () => {
    expect(texts(table([{ title: '', cells: [line('x')] }], 10))).toEqual(['x']);
  });

  it('draws into the room that is left, within its bounds', () => {
    const drawing = {
      widthMin: 4,
      widthMax: 8,
      draw: (row: number, width: number) => line(String(row).repeat(width)),
    };
    const [, first] = texts(table(COLUMNS, 40, drawing));
    expect(first).toMatch(/ {2}0{4,8}$/);
    expect(first?.length).toBeLessThanOrEqual(40);
  });
});
