/** The way of synchronous requests to the database. */
export interface SyncGate {
  /**
   * Runs the first part of a transaction when it is its turn.
   * @throws GateWaitError (as a rejection) when that does not come in time: `work` has not run then
   */
  begin<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Runs the last part; goes before everything that is still to begin, and is never refused. */
  finish<Result>(work: () => Promise<Result>): Promise<Result>;
  /** How long the oldest of those that are to begin has waited. */
  oldestWaitMs(): number;
}

export interface SyncGateOptions {
  /** Parts that may run at the same time: as many as there are database connections for them. */
  readonly turns: number;
  /** How long one may wait for its turn to begin. */
  readonly waitMaxMs: number;
}

/** The turn has not come in time. */
export class GateWaitError extends Error {
  readonly waitedMs: number;

  constructor(waitedMs: number) {
    super(`There was no turn within ${waitedMs} ms.`);
    this.waitedMs = waitedMs;
  }
}

interface Waiting {
  readonly sinceMs: number;
  readonly enter: () => void;
}

/**
 * A bound on the synchronous work at the database, in number and in time. Without it every request would wait in
 * the line of the connection pool, once for each statement: accepted ones behind those that have only come, so
 * that under overload none would be answered for a long time. Here what has begun is finished first.
 */
export function createSyncGate({ turns, waitMaxMs }: SyncGateOptions): SyncGate {
  const beginning: Waiting[] = [];
  const finishing: (() => void)[] = [];
  let taken = 0;

  function admit(): void {
    while (taken < turns) {
      const enter = finishing.shift() ?? beginning.shift()?.enter;
      if (!enter) return;
      taken++;
      enter();
    }
  }

  async function run<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      taken--;
      admit();
    }
  }

  function turnToBegin(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        beginning.splice(beginning.indexOf(waiting), 1);
        reject(new GateWaitError(waitMaxMs));
      }, waitMaxMs);
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const waiting = { sinceMs: performance.now(), enter };
      beginning.push(waiting);
      admit();
    });
  }

  function turnToFinish(): Promise<void> {
    return new Promise((resolve) => {
      finishing.push(resolve);
      admit();
    });
  }

  return {
    begin: async (work) => {
      await turnToBegin();
      return run(work);
    },
    finish: async (work) => {
      await turnToFinish();
      return run(work);
    },
    oldestWaitMs: () => (beginning[0] ? performance.now() - beginning[0].sinceMs : 0),
  };
}
