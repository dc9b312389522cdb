import type { Histogram } from './histogram.ts';

/** One bar of a drawn histogram: latencies from `fromUs` up to, but not including, `toUs`. */
export interface LogBucket {
  readonly fromUs: number;
  readonly toUs: number;
  readonly count: number;
}

const R40 = [
  1, 1.06, 1.12, 1.18, 1.25, 1.32, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.12, 2.24, 2.36, 2.5, 2.65, 2.8, 3, 3.15,
  3.35, 3.55, 3.75, 4, 4.25, 4.5, 4.75, 5, 5.3, 5.6, 6, 6.3, 6.7, 7.1, 7.5, 8, 8.5, 9, 9.5,
];

/**
 * Bounds within a decade, from the finest series to the coarsest; ten minutes are nine decades. The preferred numbers
 * of ISO 3 are nearly evenly spaced on a logarithmic scale, so that neighbouring bars are comparable.
 */
const LADDERS: readonly (readonly number[])[] = [
  R40,
  R40.filter((_, index) => index % 2 === 0),
  R40.filter((_, index) => index % 4 === 0),
  R40.filter((_, index) => index % 8 === 0),
  [1, 2, 5],
  [1, 3],
  [1],
];

/**
 * Groups a histogram into contiguous bars with round bounds, each wider than the one before, from the shortest
 * latency to the longest.
 *
 * Uses the finest series of bounds that fits.
 *
 * @param barsMax - at least 10, so that one bar per decade always fits
 */
export function logBuckets(histogram: Histogram, barsMax: number): LogBucket[] {
  if (histogram.count === 0) return [];
  const edges = edgesFor(histogram, barsMax);
  const counts = new Array<number>(edges.length - 1).fill(0);
  let bar = 0;
  histogram.forEach((cell) => {
    while (bar < counts.length - 1 && cell.lowestUs >= (edges[bar + 1] ?? 0)) bar += 1;
    counts[bar] = (counts[bar] ?? 0) + cell.count;
  });
  return counts.map((count, index) => ({ fromUs: edges[index] ?? 0, toUs: edges[index + 1] ?? 0, count }));
}

function edgesFor(histogram: Histogram, barsMax: number): number[] {
  let edges: number[] = [];
  for (const ladder of LADDERS) {
    edges = edgesOf(ladder, histogram.minUs, histogram.maxUs);
    if (edges.length - 1 <= barsMax) return edges;
  }
  return edges;
}

/** Bounds from the last at or below `lowestUs` to the first above `highestUs`. */
function edgesOf(ladder: readonly number[], lowestUs: number, highestUs: number): number[] {
  const edges: number[] = [];
  for (let decade = 1; decade <= 1e10; decade *= 10) {
    for (const step of ladder) {
      const edge = Math.round(step * decade);
      if (edge <= lowestUs) edges.length = 0;
      if (edges.at(-1) !== edge) edges.push(edge);
      if (edge > highestUs) return edges;
    }
  }
  return edges;
}
