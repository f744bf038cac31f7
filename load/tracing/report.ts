import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPONENTS } from '../lib/cpu.ts';
import { mebibytes, micros, rate, table } from '../lib/format.ts';
import type { Machine } from '../lib/machine.ts';
import { quantile } from '../lib/quantile.ts';
import type { TracingOptions } from './options.ts';

/**
 * Parts of all transactions that are traced; undefined: tracing is off. So it is in the control, which shows how much
 * two measurements differ that should not.
 */
export const SAMPLINGS = [undefined, 0.05, 1, 'control'] as const;
export type Sampling = (typeof SAMPLINGS)[number];

export interface Sample extends Measured {
  readonly round: number;
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
  readonly format: 4;
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
450 ms; Kafka, Postgres, all services and the load generator on one machine, all of it busy. Without tracing, with
5 % and with 100 % of the transactions traced: Kafka and Postgres stay, all services are started anew for each
measurement, one way after the other, in turns. The spans go to a process that takes them and looks at none. "Nothing,
again" is without tracing once more: what it "costs" is how much two measurements differ that should not.

${table(
  [
    'traced',
    'completed/s: median',
    'middle half',
    'cost',
    'target',
    'CPU per transaction',
    'more CPU',
    'exported per transaction',
    'CPU of the receiver',
  ],
  SAMPLINGS.map((sampling) => rowOf(sampling, samples)),
)}

Completed per second, by round:

${table(
  ['round', ...SAMPLINGS.map(nameOf)],
  rounds.map((round) => roundRow(round, samples)),
)}

CPU per transaction, by component (median):

${table(
  ['traced', ...components],
  SAMPLINGS.map((sampling) => componentRow(sampling, components, samples)),
)}

- ${options.rounds} rounds, of ${options.seconds} s of load each time, after ${options.warmUpSeconds} s that do not count; the cost is the mean, over
  all rounds, of what is lost against the same round without tracing (the mean of its two), with the standard error of
  that mean; that of "nothing, again" is against "nothing"
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
    TARGETS.has(sampling) ? `< ${percent(TARGETS.get(sampling)!)}` : '',
    micros(cpu.length === 0 ? undefined : median(cpu)),
    sampling === undefined ? '' : withError(moreCpu(sampling, samples)),
    `${Math.round(median(same.map(({ bytesPerTransaction }) => bytesPerTransaction)))} B`,
    micros(median(same.map(({ sinkMicros }) => sinkMicros))),
  ];
}

function roundRow(round: number, samples: readonly Sample[]): string[] {
  const of = (sampling: Sampling) =>
    samples.find((sample) => sample.round === round && sample.sampling === sampling)!;
  return [String(round), ...SAMPLINGS.map((sampling) => rate(of(sampling).completedPerSecond))];
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
  if (sampling === 'control') return 'nothing, again';
  return sampling === undefined ? 'nothing' : percent(sampling);
}

/** What is lost of the completed transactions per second, round by round, as a part of 1. */
export function costs(sampling: Sampling, samples: readonly Sample[]): number[] {
  return against(sampling, samples, ({ completedPerSecond }) => completedPerSecond).map((part) => 1 - part);
}

/** CPU per transaction that comes on top, round by round, as a part of 1. */
export function moreCpu(sampling: Sampling, samples: readonly Sample[]): number[] {
  return against(sampling, samples, ({ cpuMicros }) => cpuMicros ?? NaN).map((part) => part - 1);
}

/** As a part of what the same round has shown without tracing: the mean of the two, where it is not one of them. */
function against(
  sampling: Sampling,
  samples: readonly Sample[],
  figure: (sample: Sample) => number,
): number[] {
  return samples
    .filter((sample) => sample.sampling === sampling)
    .map((sample) => {
      const without = samples.filter(
        (other) =>
          other.round === sample.round &&
          (other.sampling === undefined || (other.sampling === 'control' && sampling !== 'control')),
      );
      return figure(sample) / (without.reduce((sum, other) => sum + figure(other), 0) / without.length);
    });
}

/** Mean and its standard error: the deviation of the sample over the root of its size. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

function withError(parts: readonly number[]): string {
  const { mean, error } = meanAndError(parts);
  return `${percent(mean)} ± ${percent(error)}`;
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** Of a part of 1; a tenth of a per cent is told where there is one. */
const percent = (part: number): string => `${Number((part * 100).toFixed(1))} %`;
