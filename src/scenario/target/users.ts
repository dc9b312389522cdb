import { readCsv } from './csv.ts';

/** The rows of a users file. */
export interface Users {
  /** At least 1. */
  readonly count: number;
  /** Names that every row may be asked for; another row may have more. */
  readonly columns: readonly string[];
  /** @param index - from 0 */
  row(index: number): Readonly<Record<string, unknown>>;
  /** @returns the first row, from 0, without this column; undefined when all have it */
  firstWithout(column: string): number | undefined;
}

export type UsersReading =
  | { readonly ok: true; readonly users: Users }
  /** @param why - in words, as in `line 3 has 1 value` */
  | { readonly ok: false; readonly why: string };

/** Larger files are no list of users. */
export const USERS_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Reads a users file: JSON when its name says so, else CSV.
 *
 * Of a CSV file the bytes are kept as they are.
 */
export function readUsers(path: string, bytes: Uint8Array): UsersReading {
  if (bytes.length > USERS_BYTES_MAX)
    return { ok: false, why: `it has ${bytes.length} bytes, at most ${USERS_BYTES_MAX} are wanted` };
  return /\.json$/i.test(path) ? readJson(bytes) : readTable(bytes);
}

/** The row of a client or publisher. */
export function userOf(users: Users, index: number): Readonly<Record<string, unknown>> {
  return users.row(index % users.count);
}

function readTable(bytes: Uint8Array): UsersReading {
  const reading = readCsv(bytes);
  if (!reading.ok) return reading;
  const { table } = reading;
  return {
    ok: true,
    users: {
      count: table.count,
      columns: table.columns,
      row: (index) => table.row(index),
      firstWithout: (column) => (table.columns.includes(column) ? undefined : 0),
    },
  };
}

function readJson(bytes: Uint8Array): UsersReading {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    return { ok: false, why: `it is no JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  if (!Array.isArray(value)) return { ok: false, why: 'it holds no list, a list of maps is wanted' };
  if (value.length === 0) return { ok: false, why: 'it has no row' };
  const rows: readonly unknown[] = value;
  const wrong = rows.findIndex((row) => typeof row !== 'object' || row === null || Array.isArray(row));
  if (wrong >= 0) return { ok: false, why: `entry ${wrong + 1} is no map, a map of values is wanted` };
  const maps = rows as readonly Readonly<Record<string, unknown>>[];
  return {
    ok: true,
    users: {
      count: maps.length,
      columns: Object.keys(maps[0] ?? {}),
      row: (index) => maps[index] ?? {},
      firstWithout(column) {
        const index = maps.findIndex((row) => !Object.hasOwn(row, column));
        return index < 0 ? undefined : index;
      },
    },
  };
}
