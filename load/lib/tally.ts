import type { HistogramData } from './histogram.ts';
import { Histogram } from './histogram.ts';

/** Counts what becomes of the requests of a run. */
export class Tally {
  private readonly latencies = new Histogram();
  private readonly errors: Record<string, number> = {};
  private sent = 0;
  private dropped = 0;

  /** `error` for a request without an answer: timeout, connection. */
  failed(error: 'timeout' | 'connection'): void {
    this.sent++;
    this.errors[error] = (this.errors[error] ?? 0) + 1;
  }

  answered(status: number, latencyMs: number): void {
    this.sent++;
    if (status >= 200 && status < 300) this.latencies.record(latencyMs);
    else this.errors[String(status)] = (this.errors[String(status)] ?? 0) + 1;
  }

  notSent(): void {
    this.dropped++;
  }

  toData(): { sent: number; errors: Record<string, number>; dropped: number; reply: HistogramData } {
    return { sent: this.sent, errors: this.errors, dropped: this.dropped, reply: this.latencies.toData() };
  }
}
