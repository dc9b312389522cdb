import type { Target } from './target-schema.ts';

/** How a target is named in messages and results: its addresses as they are written, templates included. */
export function targetText({ url }: Target): string {
  return url.join(', ');
}
