import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes, table } from '../lib/format.ts';
import type { Machine } from '../lib/machine.ts';
import type { Change } from './changes.ts';
import { gapsWhere } from './changes.ts';
import { quantile } from '../lib/quantile.ts';
import type { RebalanceOptions } from './options.ts';

export interface RebalanceReport {
  readonly format: 2;
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly options: Omit<RebalanceOptions, 'help' | 'out'>;
  /** In the order of the rounds. */
  readonly changes: readonly Change[];
  readonly sent: number;
  readonly failed: number;
}

/** Writes rebalance.json and rebalance.md. */
export async function writeReport(directory: string, report: RebalanceReport): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'rebalance.json'), `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(join(directory, 'rebalance.md'), writeMarkdown(report));
}

/** A pure function of the report. */
export function writeMarkdown(report: RebalanceReport): string {
  const { machine, options, changes, sent, failed } = report;
  const { rate, partitions, latencyMs, holdSeconds, rounds } = options;
  const kinds = [...Map.groupBy(changes, ({ from, to }) => `${from} → ${to}`)];
  const rows = kinds.map(([name, same]) => rowOf(name, same));
  const head = [
    'replicas',
    'all: median',
    'worst',
    'stays: median',
    'worst',
    'moves: median',
    'worst',
    'steady before: worst',
    'rebalances',
    'done after',
  ];
  const starts = kinds.filter(([, same]) => same.some(({ coldStarts }) => coldStarts.length > 0));
  const loads = changes.map(({ loadAverage }) => loadAverage);
  return `# What a rebalance costs

Written by \`npm run bench:rebalance\`. The stage \`remote\` is changed from one number of processes to the next under a
steady load, and changed back; real Kafka and Postgres, the whole pipeline on one machine.

The pause of a change is, for each partition, the longest time in which none of its messages was settled, of those that
end when the group takes the new members in, or later: where all processes share few cores, the start of the new ones
costs the old ones time before that too, which they do not have to share on a cluster. Below: the median over all
partitions and rounds, and the worst, of all of them, of those that stay with their owner, and of those that move to
another one. In steady load a partition settles a message every ${Math.round((1_000 * partitions) / rate)} ms, and none for as long as the
"steady" column says: that much of a pause is none.

${table(head, rows)}

## Cold start of a process

From the order until the process is a member of its group, and until it has settled its first message.

${table(
  ['replicas', 'member: median', 'worst', 'first settled: median', 'worst'],
  starts.map(([name, same]) => startRowOf(name, same)),
)}

- ${rate} transactions/s over ${partitions} partitions, ${latencyMs} ms per message, ${holdSeconds} s of steady load before and after each change, ${rounds} rounds
- ${sent} transactions sent, ${failed} refused; load average ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}
- ${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}, ${machine.system}; Node ${machine.node}, Kafka ${machine.kafka}
${options.note ? `- ${options.note}\n` : ''}- Measured ${report.measuredAt}${machine.commit ? ` at ${machine.commit}` : ''}
`;
}

const ms = (value: number): string => (Number.isNaN(value) ? 'never' : `${Math.round(value)} ms`);

function rowOf(name: string, changes: readonly Change[]): string[] {
  const gaps = changes.flatMap((change) => change.rebalanceGaps);
  const [stay, move] = [false, true].map((moved) => changes.flatMap((change) => gapsWhere(change, moved)));
  const steady = changes.flatMap((change) => change.steadyGaps);
  const rebalances = changes.map((change) => change.rebalances);
  return [
    name,
    ...medianAndWorst(gaps),
    ...medianAndWorst(stay!),
    ...medianAndWorst(move!),
    ms(Math.max(...steady)),
    span(rebalances),
    ms(
      quantile(
        changes.map(({ tookMs }) => tookMs),
        0.5,
      ),
    ),
  ];
}

function medianAndWorst(gaps: readonly number[]): [string, string] {
  return gaps.length === 0 ? ['', ''] : [ms(quantile(gaps, 0.5)), ms(Math.max(...gaps))];
}

function startRowOf(name: string, changes: readonly Change[]): string[] {
  const starts = changes.flatMap(({ coldStarts }) => coldStarts);
  const [ready, settled] = [starts.map(({ readyMs }) => readyMs), starts.map(({ settledMs }) => settledMs)];
  return [
    name,
    ms(quantile(ready, 0.5)),
    ms(Math.max(...ready)),
    ms(quantile(settled, 0.5)),
    ms(Math.max(...settled)),
  ];
}

function span(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least}–${most}`;
}
