/**
 * Which offset of one partition may be committed while messages finish in any order: the one after the last
 * of the unbroken run of finished ones. Offsets are added in ascending order; gaps (compaction, control
 * records) are normal.
 */
export class OffsetTracker {
  private readonly open: { readonly offset: bigint; done: boolean }[] = [];
  private head = 0;
  private last = -1n;
  private next: bigint | undefined;
  private taken: bigint | undefined;

  /** Whether the offset lies behind the last one: fetched again, or the log began anew. */
  isBehind(offset: string): boolean {
    return BigInt(offset) <= this.last;
  }

  /** Call the function it returns when the message is settled. */
  add(offset: string): () => void {
    const value = BigInt(offset);
    this.last = value;
    const entry = { offset: value, done: false };
    this.open.push(entry);
    return () => {
      entry.done = true;
      this.advance();
    };
  }

  /** The offset to commit, when it has moved since the last call. */
  take(): string | undefined {
    if (this.next === undefined || this.next === this.taken) return undefined;
    this.taken = this.next;
    return this.next.toString();
  }

  /** A commit has failed: the next `take` returns the offset again. */
  untake(): void {
    this.taken = undefined;
  }

  private advance(): void {
    while (this.head < this.open.length && this.open[this.head]!.done) {
      this.next = this.open[this.head]!.offset + 1n;
      this.head++;
    }
    if (this.head > 1_000 && this.head * 2 > this.open.length) {
      this.open.splice(0, this.head);
      this.head = 0;
    }
  }
}
