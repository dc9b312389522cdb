import { quote } from './problem.ts';
import { DRIVER_OPTIONS } from './target/driver-options.ts';
import type { Path, Positions } from './yaml-source.ts';

/** A value from outside the file: the environment or a flag. */
export interface Override {
  /** Keys and indices with dots: `clients.0.count`. */
  readonly path: string;
  /** Plain data; maps merge per key, everything else replaces. */
  readonly value: unknown;
  /** As the user gave it, for messages: `--set clients.0.count=5`. */
  readonly origin: string;
}

interface OverrideProblem {
  readonly origin: string;
  readonly message: string;
}

/** Which override put a value where it is. */
export class Origins {
  readonly #origins = new Map<string, string>();

  set(path: Path, origin: string): void {
    this.#origins.set(path.join('/'), origin);
  }

  at(path: Path): string | undefined {
    return this.#origins.get(path.join('/'));
  }

  /** The last override below the path, which is responsible for keys missing beside it. */
  below(path: Path): string | undefined {
    const prefix = path.length === 0 ? '' : `${path.join('/')}/`;
    let found: string | undefined;
    for (const [name, origin] of this.#origins) if (name.startsWith(prefix)) found = origin;
    return found;
  }
}

/** Merges the overrides into `root` in their order; replaced values lose their position in the file. */
export function applyOverrides(
  root: Record<string, unknown>,
  overrides: readonly Override[],
  positions: Positions,
): { readonly origins: Origins; readonly problems: readonly OverrideProblem[] } {
  const origins = new Origins();
  const problems: OverrideProblem[] = [];
  for (const { path, value, origin } of overrides) {
    const place = (at: Path): void => {
      positions.remove(at);
      origins.set(at, origin);
    };
    const steps = stepsOf(path, DOTTED_KEYS);
    const message = applyOne(root, steps, value, place);
    if (message !== undefined) problems.push({ origin, message: `Cannot set ${quote(path)}: ${message}` });
  }
  return { origins, problems };
}

/** Keys of a target that have a dot in them. */
const DOTTED_KEYS = Object.keys(DRIVER_OPTIONS).filter((name) => name.includes('.'));

/** The keys and indices of a path with dots. @param dotted - drivers whose name has a dot, which is none of the path */
export function stepsOf(path: string, dotted: readonly string[]): (string | number)[] {
  const driver = dotted.find((name) => `${path}.`.startsWith(`target.${name}.`));
  if (driver !== undefined)
    return [
      'target',
      driver,
      ...stepsOf(path.slice(`target.${driver}.`.length), []).filter((step) => step !== ''),
    ];
  return path.split('.').map((step) => (/^\d{1,9}$/.test(step) ? Number(step) : step));
}

type Container = Record<string, unknown> | unknown[];

function applyOne(
  root: Container,
  steps: Path,
  value: unknown,
  place: (path: Path) => void,
): string | undefined {
  let container = root;
  for (const [depth, step] of steps.entries()) {
    const message = misstep(container, step, steps.slice(0, depth).join('.'));
    if (message !== undefined) return message;
    if (depth === steps.length - 1) {
      put(container, step, value, steps, place);
      return undefined;
    }
    let inner = childOf(container, step);
    if (inner === undefined || inner === null) {
      inner = typeof steps[depth + 1] === 'number' ? [] : {};
      assign(container, step, inner);
    }
    if (!isContainer(inner))
      return `"${steps.slice(0, depth + 1).join('.')}" is ${quote(inner)}, it has nothing inside`;
    container = inner;
  }
  return 'the path is empty, keys with dots are wanted';
}

/** Why a step is not valid in this container. */
function misstep(container: Container, step: string | number, where: string): string | undefined {
  if (!Array.isArray(container)) {
    if (step !== '' && step !== '__proto__') return undefined;
    return `"${step}" is no key${where === '' ? '' : ` of "${where}"`}`;
  }
  if (typeof step === 'number' && step <= container.length) return undefined;
  if (typeof step === 'number')
    return `"${where}" has ${container.length} entries, an index up to ${container.length} is wanted`;
  return `"${where}" is a list, an index is wanted and not "${step}"`;
}

function put(
  container: Container,
  step: string | number,
  value: unknown,
  path: Path,
  place: (path: Path) => void,
): void {
  const old = childOf(container, step);
  if (isMap(old) && isMap(value)) {
    for (const [key, inner] of Object.entries(value))
      if (key !== '__proto__') put(old, key, inner, [...path, key], place);
    return;
  }
  // A copy, so that a later override does not write into the caller's value.
  assign(container, step, isContainer(value) ? structuredClone(value) : value);
  place(path);
}

function assign(container: Container, step: string | number, value: unknown): void {
  if (Array.isArray(container)) container[Number(step)] = value;
  else container[step] = value;
}

function childOf(container: Container, step: string | number): unknown {
  if (Array.isArray(container)) return container[Number(step)];
  return Object.hasOwn(container, step) ? container[step] : undefined;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}
