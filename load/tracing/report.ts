import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPONENTS } from '../lib/cpu.ts';
import { mebibytes, micros, rate, table } from '../lib/format.ts';
import type { Machine } from '../lib/machine.ts';
import { quantile } from '../lib/quantile.ts';
import type { TracingOptions } from './options.ts';

/** Part of all transactions that is traced; undefined: tracing is off. */
export type Sampling = undefined | 0 | 0.05 | 1;
export const OFF: readonly Sampling[] = [undefined];
/** In the same processes. */
export const ON: readonly Sampling[] = [0, 0.05, 1];
const SAMPLINGS = [...OFF, ...ON];
/** Of all components the one that knows nothing of tracing: its rows are as long with it as without. */
const REFERENCE = 'postgres';

export interface Sample extends Measured {
  readonly round: number;
  /** Counts from 1, in each round. */
  readonly time: number;
  readonly sampling: Sampling;
}

export interface Measured {
  /** Over all of the time until the last has ended. */
  readonly completedPerSecond: number;
  /** Of everything that the pipeline needs, per transaction. */
  readonly cpuMicros: number | undefined;
  /** The same by component. */
  readonly cpuMicrosOf: Readonly<Record<string, number>>;
  /** That the services sent, per transaction. */
  readonly bytesPerTransaction: number;
  /** Of the process that received it, per transaction. */
  readonly sinkMicros: number;
}

export interface TracingReport {
  readonly format: 6;
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
  const rounds = Array.from({ length: options.rounds }, (_, index) => index + 1);
  const components = COMPONENTS.filter((name) => samples.some(({ cpuMicrosOf }) => name in cpuMicrosOf));
  return `# What tracing costs

Written by \`npm run bench:tracing\`. 40 users in a closed loop, the stages at work behind them, a remote system of
450 ms; Kafka, Postgres, all services and the load generator on one machine, all of it busy. In each round the services
are started with tracing off, and started anew with tracing on, where 0 %, 5 % and 100 % of the transactions are traced in
turns, by the same processes. The spans go to a process that takes them and looks at none. What 5 % and 100 % cost is
counted against the 0 % of the same turn; what 0 % costs, which is to have tracing at all, against "off" of the same round.

A machine that is shared is now faster, now slower, all its processes alike, and that is more than what is to be measured.
What Postgres needs for a transaction tells how fast it is: it does the same whether traces are recorded or not. So a
cost "at one speed" is that of completed per second × CPU of Postgres per transaction: what Postgres gets of a machine of
which others, if they trace, take more.

${table(
  [
    'traced',
    'completed/s: median',
    'middle half',
    'cost as measured',
    'cost at one speed',
    'target',
    'CPU per transaction',
    'more CPU',
    'exported per transaction',
    'CPU of the receiver',
  ],
  SAMPLINGS.map((sampling) => rowOf(sampling, samples)),
)}

Completed per second, by round (mean):

${table(
  ['round', ...SAMPLINGS.map(nameOf)],
  rounds.map((round) => roundRow(round, samples)),
)}

CPU per transaction, by component (median):

${table(
  ['traced', ...components],
  SAMPLINGS.map((sampling) => componentRow(sampling, components, samples)),
)}

- ${options.rounds} rounds, in each ${options.times} times ${options.seconds} s of load for each, after ${options.warmUpSeconds} s that do not count: Node
  compiles what is used for some 20 s, and a payment costs up to twice as much until then
- a cost is the mean of what is lost, with the standard error of that mean; CPU likewise
- completed per second is over all of the time, until the last of them has ended
- ${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}, ${machine.system}; Node ${machine.node}, Kafka ${machine.kafka}
- Measured ${measuredAt}${machine.commit ? ` at ${machine.commit}` : ''}
`;
}

function rowOf(sampling: Sampling, samples: readonly Sample[]): string[] {
  const same = samples.filter((sample) => sample.sampling === sampling);
  const completed = same.map(({ completedPerSecond }) => completedPerSecond);
  const cpu = same.flatMap(({ cpuMicros }) => cpuMicros ?? []);
  return [
    nameOf(sampling),
    rate(median(completed)),
    `${rate(quantile(completed, 0.25))} – ${rate(quantile(completed, 0.75))}`,
    sampling === undefined ? '' : withError(costs(sampling, samples)),
    sampling === undefined ? '' : withError(costsAtOneSpeed(sampling, samples)),
    TARGETS.has(sampling) ? `< ${percent(TARGETS.get(sampling)!)}` : '',
    micros(cpu.length === 0 ? undefined : median(cpu)),
    sampling === undefined ? '' : withError(moreCpu(sampling, samples)),
    `${Math.round(median(same.map(({ bytesPerTransaction }) => bytesPerTransaction)))} B`,
    micros(median(same.map(({ sinkMicros }) => sinkMicros))),
  ];
}

function roundRow(round: number, samples: readonly Sample[]): string[] {
  const of = (sampling: Sampling) =>
    mean(
      samples
        .filter((sample) => sample.round === round && sample.sampling === sampling)
        .map(({ completedPerSecond }) => completedPerSecond),
    );
  return [String(round), ...SAMPLINGS.map((sampling) => rate(of(sampling)))];
}

function componentRow(
  sampling: Sampling,
  components: readonly string[],
  samples: readonly Sample[],
): string[] {
  const same = samples.filter((sample) => sample.sampling === sampling);
  const of = (name: string) => micros(median(same.map(({ cpuMicrosOf }) => cpuMicrosOf[name] ?? NaN)));
  return [nameOf(sampling), ...components.map(of)];
}

/** In words: how much is traced. */
export function nameOf(sampling: Sampling): string {
  return sampling === undefined ? 'off' : percent(sampling);
}

/** What is lost of the completed transactions per second, pair by pair, as a part of 1. */
export function costs(sampling: Sampling, samples: readonly Sample[]): number[] {
  return against(sampling, samples, ({ completedPerSecond }) => completedPerSecond).map((part) => 1 - part);
}

/** The same by what Postgres, which does the same with and without tracing, gets of the machine: free of its speed. */
export function costsAtOneSpeed(sampling: Sampling, samples: readonly Sample[]): number[] {
  const share = ({ completedPerSecond, cpuMicrosOf }: Sample) =>
    completedPerSecond * (cpuMicrosOf[REFERENCE] ?? NaN);
  return against(sampling, samples, share).map((part) => 1 - part);
}

/** CPU per transaction that comes on top, pair by pair, as a part of 1. */
export function moreCpu(sampling: Sampling, samples: readonly Sample[]): number[] {
  return against(sampling, samples, ({ cpuMicros }) => cpuMicros ?? NaN).map((part) => part - 1);
}

/** As a part of the 0 % of the same turn; for 0 % its mean in a round, as a part of that of "off". */
function against(
  sampling: Sampling,
  samples: readonly Sample[],
  figure: (sample: Sample) => number,
): number[] {
  const same = samples.filter((sample) => sample.sampling === sampling);
  const inRound = (round: number, other: Sampling) =>
    mean(samples.filter((sample) => sample.round === round && sample.sampling === other).map(figure));
  if (sampling === 0)
    return [...new Set(same.map(({ round }) => round))].map(
      (round) => inRound(round, 0) / inRound(round, undefined),
    );
  return same.map((sample) => {
    const { round, time } = sample;
    const other = samples.find((one) => one.round === round && one.time === time && one.sampling === 0)!;
    return figure(sample) / figure(other);
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean and its standard error: the deviation of the sample over the root of its size. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return { mean: middle, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

function withError(parts: readonly number[]): string {
  const { mean: middle, error } = meanAndError(parts);
  return `${percent(middle)} ± ${percent(error)}`;
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** Of a part of 1; a tenth of a per cent is told where there is one. */
const percent = (part: number): string => `${Number((part * 100).toFixed(1))} %`;
