/** Looks again and again, until it is closed. A look that fails is a gap, no more. */
export class Poller {
  private readonly closing = new AbortController();
  private readonly done: Promise<void>;

  constructor(look: () => Promise<void>, intervalMs: number) {
    this.done = this.poll(look, intervalMs);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.done;
  }

  private async poll(look: () => Promise<void>, intervalMs: number): Promise<void> {
    while (!this.closing.signal.aborted) {
      await look().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  }
}
