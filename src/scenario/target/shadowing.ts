/** @returns the earlier rule, from 0, that decides on every frame of this one; undefined when there is none */
export function shadowOf(rules: readonly { readonly when: unknown }[], index: number): number | undefined {
  const wanted = leaves(rules[index]?.when);
  const found = rules.slice(0, index).findIndex(({ when }) => isWithin(wanted, leaves(when)));
  return found < 0 ? undefined : found;
}

/** What a pattern wants, by place. */
type Leaves = ReadonlyMap<string, unknown>;

/** Whether every frame with all of `narrow` has all of `wide`. */
function isWithin(narrow: Leaves, wide: Leaves): boolean {
  for (const [place, value] of wide) {
    if (!narrow.has(place)) {
      if (
        value === 'exists' &&
        [...narrow].some(([other, inner]) => isBelow(other, place) && inner !== 'absent')
      )
        continue;
      return false;
    }
    const own = narrow.get(place);
    if (own === value) continue;
    if (value !== 'exists' || own === 'absent') return false;
  }
  return true;
}

function isBelow(place: string, above: string): boolean {
  return above === '' || place.startsWith(`${above}.`);
}

function leaves(pattern: unknown, place = '', found = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof pattern !== 'object' || pattern === null) {
    found.set(place, pattern);
    return found;
  }
  const entries = Object.entries(pattern);
  for (const [key, inner] of entries) leaves(inner, place === '' ? key : `${place}.${key}`, found);
  // A frame that is any map, or any list.
  if (entries.length === 0) found.set(place, place === '' && !Array.isArray(pattern) ? 'exists' : pattern);
  return found;
}
