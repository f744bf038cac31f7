import { parentPort } from 'node:worker_threads';
import { checkRandomTrace } from '../checks/random-traces.ts';
import { runJob } from './job.ts';
import type { Task } from './pool.ts';

parentPort?.on('message', (task: Task) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(task.kind === 'run' ? runJob(task.job) : checkRandomTrace(task.index));
});
