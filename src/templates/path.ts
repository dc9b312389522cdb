/**
 * A way into a frame: `data.items[0].seq`. A number counts from 0, a negative one from the end; `[*]` stands for every
 * entry; `$` is the whole frame, and `^` in front begins at the frame around an unwrapped message. Text on the way that
 * holds JSON is gone into.
 */
export interface FramePath {
  /** It begins at the frame around the message. */
  readonly outer: boolean;
  readonly steps: readonly PathStep[];
}

export type PathStep = string | number;

/** Every entry of a list, in a path. */
const EACH = '*';

/** A path that can't be read. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

const STEP = /\.?(?:\[(-?\d+|\*)\]|"([^"]*)"|([^.[\]"]+))/y;

/** @throws {PathError} */
export function compilePath(text: string): FramePath {
  const outer = text.startsWith('^');
  const steps: PathStep[] = [];
  if (text === '$' || text === '^') return { outer, steps };
  let at = outer ? (text[1] === '.' ? 2 : 1) : 0;
  if (at === 0 && text.startsWith('.')) fail(text, 'it begins with a dot');
  while (at < text.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(text);
    if (found === null || (steps.length === 0 && found[0].startsWith('.')))
      return fail(text, `"${text.slice(at)}" is no step of it, as in data.items[0].seq`);
    const [whole, index, quoted, word] = found;
    if (index === EACH) steps.push(EACH);
    else if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted ?? word ?? '');
    at += whole.length;
  }
  if (steps.length === 0) fail(text, 'it is empty, "$" is the whole frame');
  return { outer, steps };
}

function fail(text: string, why: string): never {
  throw new PathError(`Cannot follow the path "${text}": ${why}`);
}

/** @returns what the steps lead to; undefined where they lead nowhere */
export function follow(root: unknown, steps: readonly PathStep[]): unknown {
  let value = root;
  for (const step of steps) {
    value = inside(value, step);
    if (value === undefined) return undefined;
  }
  return value;
}

/** @returns everything that steps with `*` lead to */
export function followEach(root: unknown, steps: readonly PathStep[]): unknown[] {
  let values = [root];
  for (const step of steps) {
    values = values.flatMap((value) => {
      if (step !== EACH) {
        const inner = inside(value, step);
        return inner === undefined ? [] : [inner];
      }
      const list = opened(value);
      return Array.isArray(list) ? list : [];
    });
  }
  return values;
}

function inside(value: unknown, step: PathStep): unknown {
  const holder = opened(value);
  if (typeof holder !== 'object' || holder === null) return undefined;
  if (Array.isArray(holder)) {
    const index = Number(step);
    return holder[index < 0 ? holder.length + index : index];
  }
  return Object.hasOwn(holder, step) ? (holder as Readonly<Record<string, unknown>>)[step] : undefined;
}

const JSON_BEGIN = /^\s*[[{]/;

/** What is inside of a text that holds JSON, or the value itself. */
function opened(value: unknown): unknown {
  if (typeof value !== 'string' || !JSON_BEGIN.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
