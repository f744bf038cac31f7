import { fork } from 'node:child_process';
import { join } from 'node:path';

export interface BulkSpec {
  readonly url: string;
  readonly lines: number;
  readonly accounts: number;
  readonly seed: number;
}

/** What the client of a bulk submission saw. */
export interface BulkReport {
  readonly sent: number;
  /** Answer lines with an id; lines of the summary do not count. */
  readonly accepted: number;
  readonly uniqueIds: number;
  /** Answer lines that refuse their line. */
  readonly refused: number;
  /** Whether the answers came in the order of the lines, none missing. */
  readonly inOrder: boolean;
  /** The last line of the answer. */
  readonly summary: unknown;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Submits the lines from a process of its own. Rejects when it ends without a report. */
export function runBulkClient(spec: BulkSpec): Promise<BulkReport> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'bulk-client-process.ts'), [JSON.stringify(spec)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let report: BulkReport | undefined;
    child.on('message', (message) => {
      report = message as BulkReport;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (report) resolve(report);
      else reject(new Error(`The bulk client ended early (${code ?? signal}).`));
    });
  });
}
