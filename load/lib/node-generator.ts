import { join } from 'node:path';
import type { Generator, LoadResult } from './generator.ts';
import type { HistogramData } from './histogram.ts';
import { Histogram } from './histogram.ts';
import type { CpuReport } from './reporting-process.ts';
import { runForReport } from './reporting-process.ts';

/** What the child process reports: counts, and latencies as a histogram. */
export interface ChildReport extends CpuReport {
  readonly generator: string;
  readonly sent: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly reply: HistogramData;
}

/** Load from npm packages, in a process of its own so that its CPU can be told from that of the system. */
export function createNodeGenerator(): Generator {
  const script = join(import.meta.dirname, 'node-generator-process.ts');
  return {
    name: 'autocannon',
    run: async (spec) => summarize(await runForReport<ChildReport>(script, spec, 'The load generator')),
  };
}

function summarize(report: ChildReport): LoadResult {
  const histogram = new Histogram();
  histogram.merge(report.reply);
  const { count, sum, max } = report.reply;
  return {
    generator: report.generator,
    sent: report.sent,
    ok: count,
    errors: report.errors,
    dropped: report.dropped,
    reply: {
      p50: histogram.percentile(0.5),
      p95: histogram.percentile(0.95),
      p99: histogram.percentile(0.99),
      max: count === 0 ? undefined : max,
      mean: count === 0 ? undefined : sum / count,
    },
    cpuSeconds: report.cpuSeconds,
  };
}
