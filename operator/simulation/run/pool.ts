import { Worker } from 'node:worker_threads';
import type { RandomTraceResult } from '../checks/random-traces.ts';
import type { Job, JobResult } from './job.ts';

export type Task =
  | { readonly kind: 'run'; readonly job: Job }
  | { readonly kind: 'random'; readonly index: number };

/** Workers that simulate; results come in the order of the tasks. */
export class Pool {
  private readonly workers: readonly Worker[];
  private readonly onDone: (done: number, all: number) => void;

  constructor(size: number, onDone: (done: number, all: number) => void) {
    this.workers = Array.from({ length: size }, () => new Worker(new URL('worker.ts', import.meta.url)));
    this.onDone = onDone;
  }

  run(jobs: readonly Job[]): Promise<JobResult[]> {
    return this.all<JobResult>(jobs.map((job) => ({ kind: 'run', job })));
  }

  checkRandom(count: number): Promise<RandomTraceResult[]> {
    return this.all<RandomTraceResult>(
      Array.from({ length: count }, (_, index) => ({ kind: 'random', index })),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private async all<Result>(tasks: readonly Task[]): Promise<Result[]> {
    const results: Result[] = [];
    let next = 0;
    let done = 0;
    const work = async (worker: Worker): Promise<void> => {
      while (next < tasks.length) {
        const index = next++;
        results[index] = (await ask(worker, tasks[index]!)) as Result;
        this.onDone(++done, tasks.length);
      }
    };
    await Promise.all(this.workers.map(work));
    return results;
  }
}

/** Rejects with what the worker threw; it is dead then. */
function ask(worker: Worker, task: Task): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (result: unknown): void => {
      worker.off('error', onError);
      resolve(result);
    };
    const onError = (error: unknown): void => {
      worker.off('message', onMessage);
      const { message, stack } = error as Error;
      reject(new Error(`${message} in ${JSON.stringify(task)}\n${stack ?? ''}`));
    };
    worker.once('message', onMessage);
    worker.once('error', onError);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(task);
  });
}
