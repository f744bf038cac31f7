import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { group, mebibytes, table } from '../lib/format.ts';
import type { Machine } from '../lib/machine.ts';
import type { Figures, Scaling } from './figures.ts';
import { stepsOf } from './figures.ts';
import { PEER_RUNS } from './keda-runs.ts';
import type { WorkerKind } from './options.ts';
import type { TraceName } from './traces.ts';
import { MAX_AGE_SECONDS, oracleReplicaSeconds, TRACE_NAMES, TRACES } from './traces.ts';

export interface RunRow {
  readonly trace: TraceName;
  readonly worker: WorkerKind;
  readonly seed: number;
  readonly figures: Figures;
  readonly scalings: readonly Scaling[];
  readonly lost: number;
  readonly loadAverage: number;
  /** Other runs on the node at the same time, at the most. */
  readonly beside: number;
  readonly measuredAt: string;
  readonly commit: string | undefined;
}

export interface ScalingReport {
  readonly format: 1;
  readonly machine: Machine;
  readonly kubernetes: string;
  readonly rows: readonly RunRow[];
}

/** Of an earlier bench, or nothing. */
export async function readRows(directory: string): Promise<readonly RunRow[]> {
  const text = await readFile(join(directory, 'report.json'), 'utf8').catch(() => undefined);
  return text === undefined ? [] : (JSON.parse(text) as ScalingReport).rows;
}

/** Writes report.json and report.md. */
export async function writeReport(directory: string, report: ScalingReport): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(join(directory, 'report.md'), writeMarkdown(report));
}

export const pictureOf = (trace: TraceName, worker: WorkerKind): string => `${trace}-${worker}.svg`;

const KINDS: Readonly<Record<WorkerKind, string>> = {
  plain: 'Sluice, a worker that says nothing of itself',
  load: 'Sluice, a worker that says how busy it is',
};

/** A pure function of the report. */
export function writeMarkdown({ machine, kubernetes, rows }: ScalingReport): string {
  const measured = rows.toSorted((a, b) => TRACE_NAMES.indexOf(a.trace) - TRACE_NAMES.indexOf(b.trace));
  const sections = [...Map.groupBy(measured, ({ trace }) => trace)].map(([trace, same]) =>
    section(trace, same),
  );
  const loads = rows.map(({ loadAverage }) => loadAverage);
  const beside = Math.max(...rows.map((row) => row.beside));
  return `# Scaling on a real node, beside real KEDA

Written by \`npm run bench:scaling\`. A worker takes 25 ms per record, one at a time: 40/s per replica; 24 partitions,
evenly loaded, Poisson arrivals; from 1 replica, at most 24; no record may wait longer than ${MAX_AGE_SECONDS} s. Every run has its own
namespace, topic, group and seed. KEDA 2.20.2 was measured on the same kind of node, with the same worker and loads, one
run per row: "default" is lagThreshold 10 and everything else unset, "tuned 5 s" is lagThreshold 200, polling every 2 s,
scale-up without a window and scale-down with one of 60 s, "tuned 1 s" the same with 40.

${sections.join('\n\n')}

- over: seconds at which a record had been waiting longer than ${MAX_AGE_SECONDS} s. late: share of the records that did. bad downs: scale-downs to fewer than the load of that second needs. times oracle: replica-seconds over those of as many workers as each second needs. first up: seconds from the step of the load to the first scale-up.
- ${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}, ${machine.system}; Kubernetes ${kubernetes}; highest load average of a run (load) ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}${beside > 0 ? `, up to ${beside + 1} runs side by side` : ''}
- Measured ${[...new Set(rows.map(({ measuredAt, commit }) => `${measuredAt.slice(0, 10)}${commit ? ` at ${commit}` : ''}`))].join(', ')}
`;
}

const HEAD = [
  '',
  'over, s',
  'late, %',
  'age p99 / max, s',
  'replica-s',
  'times oracle',
  'actions / reversals / bad downs',
  'first up, s',
  'peak',
];

function section(name: TraceName, rows: readonly RunRow[]): string {
  const kinds = [...Map.groupBy(rows, ({ worker }) => worker)];
  const ours = kinds.flatMap(([kind, same]) => [
    spreadRow(`**${KINDS[kind]}**: median of ${same.length} (least–most)`, same),
    ...same.map(runRow),
  ]);
  const pictures = kinds.map(([kind]) => `![${KINDS[kind]}](${pictureOf(name, kind)})`);
  return `## ${name}: ${TRACES[name].title}

${table(HEAD, [...ours, ...peerRows(name)])}

${pictures.join('\n\n')}`;
}

function runRow({ seed, figures, scalings, lost, loadAverage }: RunRow): string[] {
  const {
    secondsOver,
    lateShare,
    ageP99,
    ageMax,
    replicaSeconds,
    timesOracle,
    actions,
    reversals,
    badDowns,
    firstUp,
    peak,
  } = figures;
  return [
    `run ${seed} (load ${Math.round(loadAverage)}): \`${stepsOf(scalings)}\`${lost > 0 ? `, ${lost} never settled` : ''}`,
    String(secondsOver),
    (100 * lateShare).toFixed(1),
    `${ageP99.toFixed(1)} / ${ageMax.toFixed(1)}`,
    group(replicaSeconds),
    timesOracle.toFixed(2),
    `${actions} / ${reversals} / ${badDowns}`,
    sinceStep(firstUp),
    String(peak),
  ];
}

function spreadRow(name: string, rows: readonly RunRow[]): string[] {
  const of = (pick: (figures: Figures) => number, digits = 0): string => {
    const values = rows.map(({ figures }) => pick(figures)).toSorted((a, b) => a - b);
    const text = (value: number): string => (digits === 0 ? group(value) : value.toFixed(digits));
    return `${text(values[Math.floor(values.length / 2)]!)} (${text(values[0]!)}–${text(values.at(-1)!)})`;
  };
  return [
    name,
    of(({ secondsOver }) => secondsOver),
    of(({ lateShare }) => 100 * lateShare, 1),
    `${of(({ ageP99 }) => ageP99, 1)} / ${of(({ ageMax }) => ageMax, 1)}`,
    of(({ replicaSeconds }) => replicaSeconds),
    of(({ timesOracle }) => timesOracle, 2),
    [of(({ actions }) => actions), of(({ reversals }) => reversals), of(({ badDowns }) => badDowns)].join(
      ' / ',
    ),
    of(({ firstUp }) => firstUp ?? Infinity, 1),
    of(({ peak }) => peak),
  ];
}

function peerRows(name: TraceName): string[][] {
  const oracle = oracleReplicaSeconds(TRACES[name]);
  return PEER_RUNS.filter(({ trace }) => trace === name).map((run) => [
    run.label,
    String(run.secondsOver),
    run.latePercent.toFixed(1),
    `${run.ageP99.toFixed(1)} / ${run.ageMax.toFixed(1)}`,
    group(run.replicaSeconds),
    (run.replicaSeconds / oracle).toFixed(2),
    run.actions.join(' / '),
    sinceStep(run.firstUp),
    String(run.peak),
  ]);
}

const sinceStep = (seconds: number | undefined): string => seconds?.toFixed(1) ?? '–';
