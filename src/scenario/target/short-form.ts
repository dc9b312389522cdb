import type { Positions } from '../yaml-source.ts';

/**
 * Replaces the short forms of a target: an address alone is one with nothing but a `url`, and one `url` is a list of
 * one. Positions move along, so that messages show where it stands.
 */
export function lengthenTarget(root: Record<string, unknown>, positions: Positions): void {
  const { target } = root;
  if (typeof target === 'string') {
    root.target = { url: [target] };
    const position = positions.value(['target']);
    if (position === undefined) return;
    positions.set(['target', 'url', 0], position, undefined);
    return;
  }
  if (typeof target !== 'object' || target === null || Array.isArray(target)) return;
  const { url } = target as Record<string, unknown>;
  if (url === undefined || url === null || typeof url === 'object') return;
  root.target = { ...target, url: [url] };
  const position = positions.value(['target', 'url']);
  if (position !== undefined) positions.set(['target', 'url', 0], position, undefined);
}
