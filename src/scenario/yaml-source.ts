import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  Scalar,
} from 'yaml';
import { type Position, TextLines } from './text-lines.ts';
import { findExcess, NESTING_MAX } from './yaml-guard.ts';

/** Keys and list indices from the top of the scenario. */
export type Path = readonly (string | number)[];

interface LocatedMessage extends Position {
  readonly message: string;
}

/** Position of a value, and the offset of its text from there; no inset when the text is not on one line. */
interface ValuePosition extends Position {
  readonly inset?: number;
}

/** Positions of the keys and values of a file. */
export class Positions {
  readonly #keys = new Map<string, Position>();
  readonly #values = new Map<string, ValuePosition>();

  set(path: Path, value: ValuePosition, key: Position | undefined): void {
    this.#values.set(path.join('/'), value);
    if (key !== undefined) this.#keys.set(path.join('/'), key);
  }

  /** Removes the positions at and below a path. */
  remove(path: Path): void {
    const name = path.join('/');
    for (const table of [this.#keys, this.#values]) {
      for (const key of table.keys()) if (key === name || key.startsWith(`${name}/`)) table.delete(key);
    }
  }

  value(path: Path): ValuePosition | undefined {
    return this.#values.get(path.join('/'));
  }

  key(path: Path): Position | undefined {
    return this.#keys.get(path.join('/'));
  }
}

type YamlReading =
  | { readonly ok: true; readonly value: unknown; readonly positions: Positions }
  | { readonly ok: false; readonly problems: readonly LocatedMessage[] };

/** Parses YAML text into plain data with positions; input that would hang or overflow the parser is rejected. */
export function readYaml(text: string): YamlReading {
  const lines = new TextLines(text);
  const located = (offset: number, message: string): LocatedMessage => ({
    ...lines.at(offset),
    message,
  });
  const excess = findExcess(text);
  if (excess !== undefined) {
    return { ok: false, problems: [located(excess.offset, excess.message)] };
  }
  // Duplicate keys are detected below, because the check of the library takes quadratic time.
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const reports = [...document.errors, ...document.warnings].slice(0, SYNTAX_PROBLEMS_MAX);
  if (reports.length > 0) {
    return {
      ok: false,
      problems: reports.map(({ code, message, pos }) => located(pos[0], reword(code, message))),
    };
  }
  if (isEmpty(document)) {
    return {
      ok: false,
      problems: [located(0, 'Cannot read the scenario: the file is empty, a map of settings is wanted')],
    };
  }
  const conversion = new Conversion(lines);
  const value = conversion.read(document.contents, [], undefined);
  if (conversion.problems.length > 0) return { ok: false, problems: conversion.problems };
  return { ok: true, value, positions: conversion.positions };
}

const SYNTAX_PROBLEMS_MAX = 20;
const ALIASES_MAX = 100;
const NODES_MAX = 200_000;

function reword(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS')
    return 'Cannot read a second document: a scenario file holds one, give each its own file';
  return `Cannot read the YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function isEmpty(document: Document.Parsed): boolean {
  const { contents } = document;
  return (
    contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? '') === '')
  );
}

/** Walks over the nodes once; aliases are followed a limited number of times and never recursively. */
class Conversion {
  readonly problems: LocatedMessage[] = [];
  readonly positions = new Positions();
  readonly #lines: TextLines;
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #nodes = 0;
  #aliases = 0;
  /** Inside the target of an alias, whose anchors are already known. */
  #followed = false;
  #excessive = false;

  constructor(lines: TextLines) {
    this.#lines = lines;
  }

  read(node: unknown, path: Path, key: Position | undefined): unknown {
    if (!isNode(node)) {
      if (key !== undefined) this.positions.set(path, key, key);
      return null;
    }
    if (this.#excessive) return null;
    if (++this.#nodes > NODES_MAX || path.length > NESTING_MAX) {
      this.#excessive = true;
      this.#complain(node, 'Cannot read the scenario: with its aliases it is too large or too deep');
      return null;
    }
    this.positions.set(path, { ...this.#at(node), ...insetOf(node) }, key);
    if (isAlias(node)) return this.#follow(node, path, key);
    if (node.anchor !== undefined && !this.#followed) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const value = this.#content(node, path);
    this.#open.delete(node);
    return value;
  }

  #content(node: Node, path: Path): unknown {
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], undefined));
    if (isMap(node)) {
      const entries = new Map<string, unknown>();
      for (const pair of node.items) {
        const key = this.#key(pair.key, node);
        if (key === undefined) continue;
        const at = this.#at(isNode(pair.key) ? pair.key : node);
        if (entries.has(key))
          this.problems.push({ ...at, message: `Cannot read "${key}" twice: each key stands once in a map` });
        entries.set(key, this.read(pair.value, [...path, key], at));
      }
      return Object.fromEntries(entries);
    }
    return isScalar(node) ? node.value : null;
  }

  #key(key: unknown, map: Node): string | undefined {
    if (isScalar(key) && key.value !== null) {
      const text = String(key.value);
      if (text !== '__proto__') return text;
    }
    this.#complain(isNode(key) ? key : map, 'Cannot read this key: a key is a word of the scenario format');
    return undefined;
  }

  #follow(alias: Alias, path: Path, key: Position | undefined): unknown {
    const node = this.#anchors.get(alias.source);
    if (++this.#aliases > ALIASES_MAX) {
      if (this.#aliases === ALIASES_MAX + 1) {
        this.#complain(
          alias,
          `Cannot follow "*${alias.source}": at most ${ALIASES_MAX} aliases are followed`,
        );
      }
    } else if (node === undefined) {
      this.#complain(alias, `Cannot follow "*${alias.source}": no anchor &${alias.source} stands before it`);
    } else if (this.#open.has(node)) {
      this.#complain(alias, `Cannot follow "*${alias.source}": it stands within its own anchor`);
    } else {
      const outer = this.#followed;
      this.#followed = true;
      const value = this.read(node, path, key);
      this.#followed = outer;
      return value;
    }
    return null;
  }

  #at(node: Node): Position {
    return this.#lines.at(node.range?.[0] ?? 0);
  }

  #complain(node: Node, message: string): void {
    this.problems.push({ ...this.#at(node), message });
  }
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function insetOf(node: Node): { readonly inset?: number } {
  if (!isScalar(node) || (node.source ?? '').includes('\n')) return {};
  if (node.type === Scalar.PLAIN) return { inset: 0 };
  return node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE ? { inset: 1 } : {};
}
