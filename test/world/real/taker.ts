import type { Accept } from '../../../src/protocol/ports.ts';
import type { LinkTaker } from '../../../src/world/real/ws-link.ts';

/** Takes links for a test, in which nothing may throw unnoticed. */
export function takerOf(accept: Accept): LinkTaker {
  return {
    accept,
    onFailure: (error) => {
      throw error;
    },
  };
}
