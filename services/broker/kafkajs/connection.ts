/** Connects on first use and again after a disconnection; concurrent callers share one attempt. */
export class Connection {
  private readonly open: () => Promise<void>;
  private pending: Promise<void> | undefined;

  constructor(open: () => Promise<void>) {
    this.open = open;
  }

  ensure(): Promise<void> {
    this.pending ??= this.open().catch((error: unknown) => {
      this.pending = undefined;
      throw error;
    });
    return this.pending;
  }

  lost(): void {
    this.pending = undefined;
  }
}
