import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes, table } from '../lib/format.ts';
import type { Machine } from '../lib/machine.ts';
import type { Outcome, RowKey } from './row.ts';
import { GOALS, ROW_KEYS } from './row.ts';

export interface MeasuredRow extends Outcome {
  readonly measuredAt: string;
  /** Commit it was measured on. */
  readonly commit: string | undefined;
}

export interface BenchReport {
  readonly format: 1;
  readonly machine: Machine;
  /** As the database server reports them; undefined when no row needed one. */
  readonly database: Readonly<Record<string, string>> | undefined;
  readonly generator: { readonly name: string; readonly version: string };
  readonly tuning: Readonly<Record<string, string>>;
  readonly rows: Readonly<Partial<Record<RowKey, MeasuredRow>>>;
}

/** Writes latest.json and latest.md. Rows that were not measured now are kept from the report that is there. */
export async function writeBench(directory: string, report: BenchReport): Promise<BenchReport> {
  const before = await readBench(join(directory, 'latest.json'));
  const merged = {
    ...report,
    database: report.database ?? before?.database,
    rows: { ...before?.rows, ...report.rows },
  };
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'latest.json'), `${JSON.stringify(merged, null, 1)}\n`);
  await writeFile(join(directory, 'latest.md'), writeMarkdown(merged));
  return merged;
}

async function readBench(file: string): Promise<BenchReport | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const report = JSON.parse(text) as BenchReport;
  return report.format === 1 ? report : undefined;
}

export function verdictOf(row: Outcome | undefined): string {
  if (!row) return 'not measured';
  if (row.aim) return 'aim met';
  return row.must ? 'must met' : '**missed**';
}

/** The table, and below it how each row was measured. */
export function writeMarkdown(report: BenchReport): string {
  const { machine, database, generator, tuning, rows } = report;
  const lines = ROW_KEYS.map((key) => {
    const { title, must, aim } = GOALS[key];
    return [title, must, aim, rows[key]?.measured ?? '', verdictOf(rows[key])];
  });
  const settings = (values: Readonly<Record<string, string>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ');
  const details = ROW_KEYS.flatMap((key) => {
    const row = rows[key];
    if (!row) return [];
    const when = `Measured ${row.measuredAt}${row.commit ? ` at ${row.commit}` : ''}.`;
    return [
      `### ${key}: ${GOALS[key].title}\n\n${[when, ...row.notes].map((note) => `- ${note}`).join('\n')}`,
    ];
  });
  return `# Speed and memory

Written by \`npm run bench\`. Kafka, Postgres, all services, the remote simulator and the load generator share one machine.

${table(['', 'must', 'aim', 'measured', 'verdict'], lines)}

- ${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}, ${machine.system}
- Sluice ${machine.sluice}, Node ${machine.node}, Kafka ${machine.kafka} (one node, acks=-1, written to disk by the system), Postgres ${database?.['server_version'] ?? 'n/a'}
- Postgres: ${database ? settings(database) : 'n/a'}
- Settings other than the defaults: ${settings(tuning) || 'none'}
- Load generator: ${generator.name} ${generator.version}, the open model by undici where it is not k6

## How each was measured

${details.join('\n\n')}
`;
}
