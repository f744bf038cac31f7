interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that goes on when it is told to, and wakes those who sleep by it. */
export class VirtualTime {
  now = 0;
  private readonly sleepers = new Set<Sleeper>();

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = {
        at: this.now + ms,
        wake: () => {
          this.sleepers.delete(sleeper);
          resolve();
        },
      };
      this.sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** `ms` later, with everything done that is due until then. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await settle();
    for (;;) {
      const [next] = [...this.sleepers].sort((a, b) => a.at - b.at);
      if (!next || next.at > until) break;
      this.now = Math.max(this.now, next.at);
      next.wake();
      await settle();
    }
    this.now = until;
  }
}

/** Lets promises that are already resolved go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
