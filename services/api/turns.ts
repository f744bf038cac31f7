/** A bound on work that goes on at the same time; those who wait get their turn in order. */
export interface Turns {
  take<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface TurnsOptions {
  /** Turns at the same time, at the most; asked again whenever one begins or ends. */
  readonly max: () => number;
  /** True while more urgent work is waiting: a turn then starts up to `deferMaxMs` later. Default 250. */
  readonly defer: () => boolean;
  readonly deferMaxMs?: number;
}

const LOOK_AGAIN_MS = 5;

export function createTurns({ max, defer, deferMaxMs = 250 }: TurnsOptions): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;

  function admit(): void {
    while (waiting.length > 0 && taken < Math.max(1, max())) {
      taken++;
      waiting.shift()!();
    }
  }

  async function enter(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      admit();
    });
    const untilMs = performance.now() + deferMaxMs;
    while (defer() && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }

  return {
    async take(work) {
      await enter();
      try {
        return await work();
      } finally {
        taken--;
        admit();
      }
    },
  };
}
