/** The share of trials that came out in one way, and how far off it may be. */
export interface Proportion {
  readonly share: number;
  /** The interval in which the true share lies, with 95 % confidence. */
  readonly low: number;
  readonly high: number;
}

/** Standard deviations that 95 % of a normal distribution lie within. */
const Z = 1.959964;

/**
 * By Wilson's score interval, which holds for few trials and for shares near 0 and 1 as well (Wilson, "Probable
 * Inference", 1927).
 *
 * @param trials - at least 1
 */
export function proportionOf(successes: number, trials: number): Proportion {
  const share = successes / trials;
  const scale = 1 + Z ** 2 / trials;
  const centre = (share + Z ** 2 / (2 * trials)) / scale;
  const reach = (Z / scale) * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2));
  // At the ends the interval reaches them, but for rounding.
  return {
    share,
    low: successes === 0 ? 0 : Math.max(0, centre - reach),
    high: successes === trials ? 1 : Math.min(1, centre + reach),
  };
}
