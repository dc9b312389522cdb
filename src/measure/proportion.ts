/** A proportion with its confidence interval. */
export interface Proportion {
  readonly share: number;
  /** 95 % confidence interval of the true share. */
  readonly low: number;
  readonly high: number;
}

/** 95 % of a normal distribution lie within this many standard deviations. */
const Z = 1.959964;

/**
 * Wilson's score interval, which is also valid for few samples and for shares near 0 and 1 (Wilson, "Probable
 * Inference", 1927).
 *
 * @param samples - at least 1
 */
export function proportionOf(successes: number, samples: number): Proportion {
  const share = successes / samples;
  const scale = 1 + Z ** 2 / samples;
  const centre = (share + Z ** 2 / (2 * samples)) / scale;
  const reach = (Z / scale) * Math.sqrt((share * (1 - share)) / samples + Z ** 2 / (4 * samples ** 2));
  // At the ends the bound is exactly 0 or 1, but for rounding.
  return {
    share,
    low: successes === 0 ? 0 : Math.max(0, centre - reach),
    high: successes === samples ? 1 : Math.min(1, centre + reach),
  };
}
