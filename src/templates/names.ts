import { suggest } from '../text/nearest.ts';

/** What may follow the first word of a name: nothing, one of these, one word of any kind, or a path. */
type Below = 'nothing' | 'word' | 'path' | readonly string[];

/** Every value that a template can ask for. Which of them there are depends on where the template stands. */
const ROOTS: Readonly<Record<string, Below>> = {
  client: ['index', 'id'],
  user: 'word',
  env: 'word',
  room: 'nothing',
  saved: 'word',
  frame: 'path',
  message: ['seq', 'id'],
  stamp: 'nothing',
  body: 'nothing',
  payload: 'nothing',
  port: 'nothing',
  services: 'path',
};

/** Why no scope has a value of this name, in words; undefined when one may have it. */
export function unknownName(path: readonly string[]): string | undefined {
  const [root = '', ...rest] = path;
  const [next] = rest;
  const below = Object.hasOwn(ROOTS, root) ? ROOTS[root] : undefined;
  const name = `Cannot use "${path.join('.')}" in a template`;
  if (below === undefined)
    return `${name}: there is no value "${root}", ${suggest(root, Object.keys(ROOTS), 'a value')}`;
  if (below === 'path') return root === 'services' ? wrongService(name, rest) : undefined;
  if (below === 'nothing') return next === undefined ? undefined : `${name}: "${root}" has nothing inside`;
  if (next === undefined) return `${name}: "${root}" has values inside, as in "${example(root, below)}"`;
  if (rest.length > 1) return `${name}: "${root}.${next}" has nothing inside`;
  if (below === 'word' || below.includes(next)) return undefined;
  return `${name}: "${root}" has no "${next}", ${suggest(next, below, 'it')}`;
}

function wrongService(name: string, [, key, ...more]: readonly string[]): string | undefined {
  if (key === 'port' && more.length === 0) return undefined;
  return `${name}: of a service only its port is known, as in "services.app.port"`;
}

function example(root: string, below: 'word' | readonly string[]): string {
  return `${root}.${below === 'word' ? 'name' : (below[0] ?? '')}`;
}
