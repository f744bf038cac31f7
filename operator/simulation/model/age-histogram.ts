const FINE_PER_SECOND = 10;
const FINE_SECONDS = 120;
const FINE = FINE_PER_SECOND * FINE_SECONDS;
const COARSE = 20_000;

/** Ages of records in bins of 0.1 s up to two minutes and of 1 s above. */
export class AgeHistogram {
  private readonly bins = new Float64Array(FINE + COARSE);
  private total = 0;
  private oldest = 0;

  add(ageSeconds: number, records: number): void {
    const bin =
      ageSeconds < FINE_SECONDS
        ? Math.floor(ageSeconds * FINE_PER_SECOND)
        : Math.min(FINE + COARSE - 1, FINE + Math.floor(ageSeconds - FINE_SECONDS));
    this.bins[bin]! += records;
    this.total += records;
    if (ageSeconds > this.oldest && records > 1e-6) this.oldest = ageSeconds;
  }

  /** Records counted. */
  get records(): number {
    return this.total;
  }

  get maxSeconds(): number {
    return this.oldest;
  }

  /** Upper edge of the bin that holds this share of the records; 0 without records. */
  quantile(share: number): number {
    let left = this.total * share;
    for (let bin = 0; bin < this.bins.length; bin++) {
      left -= this.bins[bin]!;
      if (left <= 0 && this.bins[bin]! > 0)
        return bin < FINE ? (bin + 1) / FINE_PER_SECOND : FINE_SECONDS + bin - FINE + 1;
    }
    return this.oldest;
  }

  /** Share of the records that were older than `seconds` (a multiple of 0.1). */
  shareAbove(seconds: number): number {
    if (this.total === 0) return 0;
    let below = 0;
    for (let bin = 0; bin < Math.min(FINE, Math.round(seconds * FINE_PER_SECOND)); bin++)
      below += this.bins[bin]!;
    return Math.max(0, 1 - below / this.total);
  }
}
