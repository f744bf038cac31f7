import { fork } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { LoadPlan, LoadReport } from '../load-driver/protocol.ts';
import { loadReportSchema } from '../load-driver/protocol.ts';

export interface DriveOptions {
  readonly onReport: (report: LoadReport) => void;
  readonly signal: AbortSignal;
}

const MAIN = join(dirname(import.meta.dirname), 'load-driver', 'main.ts');

/** Runs the load driver to its end; resolves to its last report. @throws Error when it ends without one */
export async function driveLoad(plan: LoadPlan, { onReport, signal }: DriveOptions): Promise<LoadReport> {
  const child = fork(MAIN, [JSON.stringify(plan)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], signal });
  let last: LoadReport | undefined;
  let complaint = '';
  child.stderr!.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
  child.on('message', (message) => {
    last = loadReportSchema.parse(message);
    onReport(last);
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (last?.kind === 'end') return last;
  throw new Error(`The load driver ended early.\n${complaint}`);
}
