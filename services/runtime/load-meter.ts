/**
 * Integrates how busy a replica is: the fraction of its capacity in use, over time. Ten seconds at a quarter
 * of its capacity are 2.5 busy seconds, so settled messages per busy second is what it could do at full load.
 */
export class LoadMeter {
  private readonly now: () => number;
  private readonly capacity: number;
  private inUse = 0;
  private sinceMs: number;
  private busyMs = 0;

  /** `capacity`: units of work that can be under way at once. `now`: ms of a monotonic clock. */
  constructor(capacity: number, now: () => number = () => performance.now()) {
    this.capacity = capacity;
    this.now = now;
    this.sinceMs = now();
  }

  /** One unit of work begins; call the function it returns when it ends. */
  begin(): () => void {
    this.settle();
    this.inUse++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.settle();
      this.inUse--;
    };
  }

  busySeconds(): number {
    this.settle();
    return this.busyMs / 1_000;
  }

  private settle(): void {
    const nowMs = this.now();
    this.busyMs += (nowMs - this.sinceMs) * Math.min(1, this.inUse / this.capacity);
    this.sinceMs = nowMs;
  }
}
