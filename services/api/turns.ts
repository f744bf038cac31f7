/** A bound on work that goes on at the same time; those who wait get their turn in order. */
export interface Turns {
  take<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface TurnsOptions {
  readonly max: number;
  /** True while more urgent work is waiting: a turn then starts up to `deferMaxMs` later. */
  readonly defer: () => boolean;
  readonly deferMaxMs?: number;
}

const LOOK_AGAIN_MS = 5;

export function createTurns({ max, defer, deferMaxMs = 250 }: TurnsOptions): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;

  async function enter(): Promise<void> {
    if (taken < max) taken++;
    // The one who leaves hands its turn on.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    const untilMs = performance.now() + deferMaxMs;
    while (defer() && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else taken--;
  }

  return {
    async take(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
