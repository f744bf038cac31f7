import { join } from 'node:path';
import type { CpuReport } from '../lib/reporting-process.ts';
import { runForReport } from '../lib/reporting-process.ts';

export interface BulkSpec {
  readonly url: string;
  readonly lines: number;
  readonly accounts: number;
  readonly seed: number;
}

/** What the client of a bulk submission saw. */
export interface BulkReport extends CpuReport {
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
}

/** Submits the lines from a process of its own. Rejects when it ends without a report. */
export function runBulkClient(spec: BulkSpec): Promise<BulkReport> {
  return runForReport(join(import.meta.dirname, 'bulk-client-process.ts'), spec, 'The bulk client');
}
