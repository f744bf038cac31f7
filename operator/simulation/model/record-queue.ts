import type { AgeHistogram } from './age-histogram.ts';

/** Less than this is rounding, not a record. */
const LEAST = 1e-9;

/**
 * One partition as a fluid in order of arrival. Ages are exact: the record that leaves when D have left is the one
 * that came when D had come, so the arrival curve is kept, as a ring of segments, from the oldest waiting record on.
 * Within a segment records come evenly over `stepSeconds`.
 */
export class RecordQueue {
  /** Records that ever came, and that ever left. */
  arrived = 0;
  departed = 0;
  private readonly stepSeconds: number;
  /** Three numbers per segment: `arrived` at its end, its end in seconds, mean origin of its records. */
  private ring = new Float64Array(3 * 64);
  private head = 0;
  private count = 0;

  constructor(stepSeconds: number) {
    this.stepSeconds = stepSeconds;
  }

  /** Records waiting. */
  get length(): number {
    return this.arrived - this.departed;
  }

  /** `records` came during the step that ends at `at`; `origin`: when they entered the first stage, on average. */
  push(records: number, at: number, origin: number): void {
    if (records < LEAST) return;
    if (3 * this.count === this.ring.length) this.grow();
    const index = (this.head + 3 * this.count) % this.ring.length;
    this.arrived += records;
    this.ring[index] = this.arrived;
    this.ring[index + 1] = at;
    this.ring[index + 2] = origin;
    this.count++;
  }

  /**
   * `records` (at most `length`) leave in the step that ends at `at`. Returns the sum of their origins; the time
   * since then goes into `ages`.
   */
  take(records: number, at: number, ages?: AgeHistogram): number {
    const until = Math.min(this.departed + records, this.arrived);
    let origins = 0;
    while (this.departed < until && this.count > 0) {
      const end = this.ring[this.head]!;
      const part = Math.min(end, until) - this.departed;
      const origin = this.ring[this.head + 2]!;
      ages?.add(Math.max(0, at - origin), part);
      origins += part * origin;
      this.departed += part;
      if (this.departed >= end - LEAST) this.drop();
    }
    this.departed = until;
    return origins;
  }

  /** Seconds that the oldest waiting record has waited at `at`; 0 when none waits. */
  headAge(at: number): number {
    return this.length > 1e-6 && this.count > 0 ? Math.max(0, at - this.headArrival()) : 0;
  }

  /** When the oldest waiting record came. */
  private headArrival(): number {
    const missing = this.ring[this.head]! - this.departed;
    const records = Math.max(LEAST, this.ring[this.head]! - this.beforeHead);
    return this.ring[this.head + 1]! - this.stepSeconds * Math.min(1, missing / records);
  }

  /** `arrived` at the beginning of the first segment. */
  private beforeHead = 0;

  private drop(): void {
    this.beforeHead = this.ring[this.head]!;
    this.head = (this.head + 3) % this.ring.length;
    this.count--;
  }

  private grow(): void {
    const ring = new Float64Array(2 * this.ring.length);
    for (let index = 0; index < 3 * this.count; index++)
      ring[index] = this.ring[(this.head + index) % this.ring.length]!;
    this.ring = ring;
    this.head = 0;
  }
}
