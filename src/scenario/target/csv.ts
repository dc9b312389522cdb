/**
 * A CSV file as RFC 4180 has it: a line of names, then a row for each line. Quotes may hold commas, line ends and
 * doubled quotes; empty lines are skipped.
 *
 * Of a file only the bytes and the offset of each row are kept, 4 bytes a row, since there may be a million; a row is
 * read when somebody asks for it.
 */
export class CsvTable {
  readonly columns: readonly string[];
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #rows: RowOffsets;

  constructor(columns: readonly string[], bytes: Uint8Array, rows: RowOffsets) {
    this.columns = columns;
    this.count = rows.count;
    this.#bytes = bytes;
    this.#rows = rows;
  }

  /** @param index - from 0 */
  row(index: number): Readonly<Record<string, string>> {
    const to = index + 1 < this.count ? this.#rows.at(index + 1) : this.#bytes.length;
    const fields = fieldsOf(lineOf(this.#bytes, this.#rows.at(index), to));
    return Object.fromEntries(this.columns.map((name, column) => [name, fields[column] ?? '']));
  }
}

export type CsvReading =
  | { readonly ok: true; readonly table: CsvTable }
  | { readonly ok: false; readonly why: string };

export function readCsv(bytes: Uint8Array): CsvReading {
  const scan = new RowScan(bytes);
  const first = scan.next();
  if (first === 'end') return failed('it is empty');
  if (typeof first === 'string') return failed(first);
  const columns = fieldsOf(lineOf(bytes, first.from, scan.at)).map((name) => name.trim());
  const wrong = columnProblem(columns);
  if (wrong !== undefined) return failed(wrong);
  const rows = new RowOffsets();
  for (let row = scan.next(); row !== 'end'; row = scan.next()) {
    if (typeof row === 'string') return failed(row);
    if (row.fields !== columns.length) return failed(fieldProblem(row, columns));
    rows.add(row.from);
  }
  return rows.count === 0 ? failed('it has no row') : { ok: true, table: new CsvTable(columns, bytes, rows) };
}

const NAMES_SHOWN = 8;
const COLUMNS_MAX = 1000;
const [LINE_FEED, CARRIAGE_RETURN, QUOTE, COMMA] = [0x0a, 0x0d, 0x22, 0x2c];

function failed(why: string): CsvReading {
  return { ok: false, why };
}

function columnProblem(columns: readonly string[]): string | undefined {
  if (columns.length > COLUMNS_MAX)
    return `it has ${columns.length} columns, at most ${COLUMNS_MAX} are wanted`;
  const unnamed = columns.indexOf('');
  if (unnamed >= 0) return `column ${unnamed + 1} has no name in the first line`;
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  return twice === undefined ? undefined : `the first line has the name "${twice}" twice`;
}

function fieldProblem({ line, fields }: Row, columns: readonly string[]): string {
  const names = columns.slice(0, NAMES_SHOWN).join(', ');
  const more = columns.length > NAMES_SHOWN ? ', …' : '';
  const values = fields === 1 ? '1 value' : `${fields} values`;
  return `line ${line} has ${values}, and the first line names ${columns.length} (${names}${more})`;
}

interface Row {
  /** Offset of its first byte. */
  from: number;
  /** Number of its first line, from 1. */
  line: number;
  fields: number;
}

/** Finds the rows; the row that it hands out is the same object each time. */
class RowScan {
  readonly #bytes: Uint8Array;
  readonly #row: Row = { from: 0, line: 0, fields: 0 };
  #at: number;
  #line = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  /** Offset behind the row that was handed out last. */
  get at(): number {
    return this.#at;
  }

  /** @returns the next row, `end` behind the last, or what is wrong */
  next(): Row | 'end' | string {
    this.#skipEmptyLines();
    if (this.#at >= this.#bytes.length) return 'end';
    const row = this.#row;
    row.from = this.#at;
    row.line = this.#line;
    row.fields = 1;
    for (;;) {
      const problem = this.#skipQuoted();
      if (problem !== undefined) return problem;
      if (this.#skipToSeparator() !== COMMA) return row;
      row.fields += 1;
    }
  }

  #skipEmptyLines(): void {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[this.#at];
      if (byte === LINE_FEED) this.#line += 1;
      else if (byte !== CARRIAGE_RETURN || bytes[this.#at + 1] !== LINE_FEED) return;
      this.#at += 1;
    }
  }

  /** Over a quoted field, if there is one here. @returns what is wrong with it */
  #skipQuoted(): string | undefined {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return undefined;
    const { line } = this.#row;
    let at = this.#at + 1;
    for (; ; at += 1) {
      if (at >= bytes.length) return `a quote that opens in line ${line} is not closed`;
      if (bytes[at] === LINE_FEED) this.#line += 1;
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] !== QUOTE) break;
      at += 1;
    }
    this.#at = at + 1;
    const next = bytes[this.#at];
    if (next === undefined || next === COMMA || next === LINE_FEED || next === CARRIAGE_RETURN)
      return undefined;
    return `line ${this.#line} goes on behind a closing quote, a comma is wanted there`;
  }

  /** Behind the next comma or line end. */
  #skipToSeparator(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== LINE_FEED) at += 1;
    this.#at = at + 1;
    const separator = bytes[at] ?? LINE_FEED;
    if (separator === LINE_FEED) this.#line += 1;
    return separator;
  }
}

/** Grows by doubling. */
class RowOffsets {
  count = 0;
  #offsets = new Uint32Array(1024);

  add(offset: number): void {
    if (this.count === this.#offsets.length) {
      const larger = new Uint32Array(2 * this.count);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.count] = offset;
    this.count += 1;
  }

  at(index: number): number {
    return this.#offsets[index] ?? 0;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of a row without its line end, and without the empty lines behind it. */
function lineOf(bytes: Uint8Array, from: number, to: number): string {
  let end = Math.min(to, bytes.length);
  while (end > from && (bytes[end - 1] === LINE_FEED || bytes[end - 1] === CARRIAGE_RETURN)) end -= 1;
  return decoder.decode(bytes.subarray(from, end));
}

function fieldsOf(text: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = text[at] === '"';
    const end = quoted ? closingQuote(text, at) + 1 : endOf(text, at);
    const field = text.slice(at, end);
    fields.push(quoted ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end >= text.length) return fields;
    at = end + 1;
  }
}

function endOf(text: string, at: number): number {
  const comma = text.indexOf(',', at);
  return comma < 0 ? text.length : comma;
}

function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
