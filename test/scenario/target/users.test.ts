import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUsers, type Users, userOf } from '../../../src/scenario/target/users.ts';

function reading(text: string, path = 'users.csv'): ReturnType<typeof readUsers> {
  return readUsers(path, new TextEncoder().encode(text));
}

function usersOf(text: string, path?: string): Users {
  const read = reading(text, path);
  if (!read.ok) throw new Error(read.why);
  return read.users;
}

function rowsOf(users: Users): unknown[] {
  return Array.from({ length: users.count }, (_, index) => users.row(index));
}

describe('a users file in CSV', () => {
  it('has a row for each line, whatever ends the lines', () => {
    const rows = [
      { id: '1', token: 'a' },
      { id: '2', token: 'b' },
    ];
    for (const text of [
      'id,token\n1,a\n2,b',
      '\uFEFFid,token\r\n1,a\r\n\r\n2,b\r\n',
      '\n\nid,token\n\n1,a\n2,b\n\n\n',
    ])
      expect(rowsOf(usersOf(text))).toEqual(rows);
  });

  it('may quote commas, line ends and quotes', () => {
    const users = usersOf('"id","the ""name"""\n1,"a,b\nc"\n"2","say ""x"""\n3,5" pipe\n');
    expect(users.columns).toEqual(['id', 'the "name"']);
    expect(rowsOf(users)).toEqual([
      { id: '1', 'the "name"': 'a,b\nc' },
      { id: '2', 'the "name"': 'say "x"' },
      { id: '3', 'the "name"': '5" pipe' },
    ]);
  });

  it('keeps empty values and letters of every kind', () => {
    expect(rowsOf(usersOf('a,b,c\n,ü,\n"",😀,""'))).toEqual([
      { a: '', b: 'ü', c: '' },
      { a: '', b: '😀', c: '' },
    ]);
  });

  it('reads back whatever was written by the rules', () => {
    const value = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é'), maxLength: 6 });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 8 }), (rows) => {
        const text = [['a', 'b'], ...rows].map((row) => row.map(quoted).join(',')).join('\n');
        expect(rowsOf(usersOf(text))).toEqual(rows.map(([a, b]) => ({ a, b })));
      }),
    );
  });

  it.each([
    ['', 'it is empty'],
    ['\uFEFF\n\n', 'it is empty'],
    ['id,token\n', 'it has no row'],
    ['id,id\n1,2', 'the first line has the name "id" twice'],
    ['id,,x\n1,2,3', 'column 2 has no name in the first line'],
    ['id,token\n1,2\n\n3', 'line 4 has 1 value, and the first line names 2 (id, token)'],
    ['id\n1,2', 'line 2 has 2 values, and the first line names 1 (id)'],
    ['id\n"1\n2', 'a quote that opens in line 2 is not closed'],
    ['id\n"1"x', 'line 2 goes on behind a closing quote'],
  ])('is refused with the line: %j', (text, why) => {
    const read = reading(text);
    expect(read.ok ? '' : read.why).toContain(why);
  });

  it('keeps a million rows in the bytes of the file and 8 bytes a row', () => {
    const rows = Array.from({ length: 1_000_000 }, (_, index) => `${index},token-${index}`);
    const bytes = new TextEncoder().encode(`id,token\n${rows.join('\n')}`);
    const before = process.memoryUsage();
    const read = readUsers('users.csv', bytes);
    const after = process.memoryUsage();
    expect(read.ok && read.users.row(999_999)).toEqual({ id: '999999', token: 'token-999999' });
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    // Offsets take 4 MiB, with the half-filled array they grew out of 6; the rows as objects would take 100.
    expect(grown).toBeLessThan(24 * 1024 * 1024);
  });
});

describe('a users file in JSON', () => {
  it('is a list of maps whose values keep their type', () => {
    const users = usersOf('\uFEFF[{"id":1,"tags":["a"]},{"id":2,"extra":true}]', 'users.JSON');
    expect(rowsOf(users)).toEqual([
      { id: 1, tags: ['a'] },
      { id: 2, extra: true },
    ]);
    expect([users.firstWithout('id'), users.firstWithout('tags'), users.firstWithout('extra')]).toEqual([
      undefined,
      1,
      0,
    ]);
  });

  it.each([
    ['{', 'it is no JSON'],
    ['{"id":1}', 'it holds no list'],
    ['[]', 'it has no row'],
    ['[{"id":1},[2]]', 'entry 2 is no map'],
    ['[null]', 'entry 1 is no map'],
  ])('is refused: %j', (text, why) => {
    const read = reading(text, 'users.json');
    expect(read.ok ? '' : read.why).toContain(why);
  });
});

describe('a user', () => {
  it('is the row of the client, and from the top again after the last', () => {
    const users = usersOf('id\na\nb\nc');
    expect([0, 2, 3, 7].map((index) => userOf(users, index).id)).toEqual(['a', 'c', 'a', 'b']);
  });
});
