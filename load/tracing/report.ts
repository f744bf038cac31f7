import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes, micros, rate, table } from '../lib/format.ts';
import type { Machine } from '../lib/machine.ts';
import type { TracingOptions } from './options.ts';

/** Parts of all transactions that are traced; undefined: tracing is off. */
export const SAMPLINGS = [undefined, 0.05, 1] as const;
export type Sampling = (typeof SAMPLINGS)[number];

export interface Sample {
  readonly round: number;
  readonly sampling: Sampling;
  readonly completedPerSecond: number;
  /** Of everything that the pipeline needs, per transaction. */
  readonly cpuMicros: number | undefined;
  /** That the services sent, per transaction. */
  readonly bytesPerTransaction: number;
  /** Of the process that received it, per transaction. */
  readonly sinkMicros: number;
}

export interface TracingReport {
  readonly format: 1;
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly options: Omit<TracingOptions, 'help' | 'out'>;
  readonly samples: readonly Sample[];
}

/** What was allowed: parts of the completed transactions per second. */
const TARGETS: ReadonlyMap<Sampling, number> = new Map([
  [0.05, 0.03],
  [1, 0.1],
]);

/** Writes tracing.json and tracing.md. */
export async function writeReport(directory: string, report: TracingReport): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'tracing.json'), `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(join(directory, 'tracing.md'), writeMarkdown(report));
}

/** A pure function of the report. */
export function writeMarkdown({ machine, options, samples, measuredAt }: TracingReport): string {
  const rows = SAMPLINGS.map((sampling) => rowOf(sampling, samples));
  return `# What tracing costs

Written by \`npm run bench:tracing\`. 40 users in a closed loop, the stages at work behind them, a remote system of
450 ms; Kafka, Postgres, all services and the load generator on one machine, all of it busy. Without tracing, with
5 % and with 100 % of the transactions traced, in turns, each on a stack of its own. The spans go to a process that
takes them and looks at none.

${table(['traced', 'completed/s: median', 'least and most', 'cost: median of the rounds', 'target', 'CPU per transaction', 'exported per transaction', 'CPU of the receiver'], rows)}

- ${options.rounds} rounds of ${options.seconds} s each; the cost is that of a round against the same round without tracing
- ${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}, ${machine.system}; Node ${machine.node}, Kafka ${machine.kafka}
- Measured ${measuredAt}${machine.commit ? ` at ${machine.commit}` : ''}
`;
}

function rowOf(sampling: Sampling, samples: readonly Sample[]): string[] {
  const same = samples.filter((sample) => sample.sampling === sampling);
  const completed = same.map(({ completedPerSecond }) => completedPerSecond);
  const cpu = same.flatMap(({ cpuMicros }) => (cpuMicros === undefined ? [] : [cpuMicros]));
  return [
    sampling === undefined ? 'nothing' : percent(sampling),
    rate(median(completed)),
    `${rate(Math.min(...completed))} – ${rate(Math.max(...completed))}`,
    sampling === undefined ? '' : percent(median(costs(sampling, samples))),
    TARGETS.has(sampling) ? `< ${percent(TARGETS.get(sampling)!)}` : '',
    micros(cpu.length === 0 ? undefined : median(cpu)),
    `${Math.round(median(same.map(({ bytesPerTransaction }) => bytesPerTransaction)))} B`,
    micros(median(same.map(({ sinkMicros }) => sinkMicros))),
  ];
}

/** What is lost of the completed transactions per second, round by round, as a part of 1. */
export function costs(sampling: Sampling, samples: readonly Sample[]): number[] {
  const without = new Map(
    samples.filter((sample) => sample.sampling === undefined).map((sample) => [sample.round, sample]),
  );
  return samples
    .filter((sample) => sample.sampling === sampling)
    .map(({ round, completedPerSecond }) => 1 - completedPerSecond / without.get(round)!.completedPerSecond);
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

const percent = (part: number): string =>
  `${(part * 100).toFixed(part * 100 === Math.round(part * 100) ? 0 : 1)} %`;
