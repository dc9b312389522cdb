import { defineConfig } from 'vitest/config';

const results = process.env.TEST_RESULTS;

/**
 * Folders and files with tests that open sockets or start processes, and therefore take real time; the others are done
 * in under a minute. `test/tidy.test.ts` holds the list.
 */
export const SLOW_TESTS = [
  'test/attacks/',
  'test/e2e/',
  'test/library/',
  'test/server/metrics.test.ts',
  'test/server/scale-hook.test.ts',
  'test/stores/',
  'test/world/real/',
];
const slow = SLOW_TESTS.map((place) => (place.endsWith('/') ? `${place}**/*.test.ts` : place));

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
    projects: [
      // Without a process and a module cache for each file: reading modules anew took half of the time.
      {
        extends: true,
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: slow, isolate: false },
      },
      { extends: true, test: { name: 'slow', include: slow } },
    ],
  },
});
