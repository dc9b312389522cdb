/**
 * Linear regression over samples, as running sums: whether memory grows, and with what certainty.
 *
 * Standard formulas of simple linear regression; the sums use differences from the first sample, so that large
 * instants and values lose no precision.
 */
export class Trend {
  #count = 0;
  #firstX = 0;
  #firstY = 0;
  #sumX = 0;
  #sumY = 0;
  #sumXx = 0;
  #sumXy = 0;
  #sumYy = 0;

  add(x: number, y: number): void {
    if (this.#count === 0) {
      this.#firstX = x;
      this.#firstY = y;
    }
    const dx = x - this.#firstX;
    const dy = y - this.#firstY;
    this.#count += 1;
    this.#sumX += dx;
    this.#sumY += dy;
    this.#sumXx += dx * dx;
    this.#sumXy += dx * dy;
    this.#sumYy += dy * dy;
  }

  /** Change of y per unit of x; 0 with fewer than two different x. */
  get slope(): number {
    const spread = this.#spreadX;
    return spread > 0 ? (this.#sumXy - (this.#sumX * this.#sumY) / this.#count) / spread : 0;
  }

  /** Standard error of the slope; 0 with fewer than three samples. */
  get slopeError(): number {
    const spread = this.#spreadX;
    if (this.#count < 3 || spread <= 0) return 0;
    const spreadY = this.#sumYy - (this.#sumY * this.#sumY) / this.#count;
    const residue = Math.max(0, spreadY - this.slope * this.slope * spread);
    return Math.sqrt(residue / (this.#count - 2) / spread);
  }

  get #spreadX(): number {
    return this.#count === 0 ? 0 : this.#sumXx - (this.#sumX * this.#sumX) / this.#count;
  }
}
