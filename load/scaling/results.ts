import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../lib/machine.ts';
import { drawRuns } from './charts.ts';
import { figuresOf, scalingsOf } from './figures.ts';
import type { WorkerKind } from './options.ts';
import type { RunRow } from './report.ts';
import { pictureOf, readRows, writeReport } from './report.ts';
import type { Run } from './run.ts';
import type { Trace } from './traces.ts';

export interface Surroundings {
  readonly machine: Machine;
  readonly kubernetes: string;
  /** Other runs at the same time, at the most. */
  readonly beside: number;
}

/** All runs of one load with one kind of worker. */
interface Kind {
  readonly runs: Run[];
  readonly rows: RunRow[];
}

/**
 * The report of a directory, written anew after each run. Rows of an earlier bench stay until the first run of the same
 * load and worker.
 */
export class Results {
  private readonly directory: string;
  private readonly surroundings: Surroundings;
  private readonly kinds = new Map<string, Kind>();
  private rows: readonly RunRow[];
  private writing: Promise<void> = Promise.resolve();

  private constructor(directory: string, surroundings: Surroundings, rows: readonly RunRow[]) {
    this.directory = directory;
    this.surroundings = surroundings;
    this.rows = rows;
  }

  static async open(directory: string, surroundings: Surroundings): Promise<Results> {
    return new Results(directory, surroundings, await readRows(directory));
  }

  /** Resolves to the run's row when report and picture are written. */
  async add(trace: Trace, worker: WorkerKind, run: Run): Promise<RunRow> {
    const name = pictureOf(trace.name, worker);
    const kind = this.kinds.get(name) ?? { runs: [], rows: [] };
    this.kinds.set(name, kind);
    const row = this.rowOf(trace, worker, run);
    kind.runs.push(run);
    kind.rows.push(row);
    const others = this.rows.filter(
      (known) => known.trace !== trace.name || known.worker !== worker || kind.rows.includes(known),
    );
    this.rows = [...others, row];
    const { machine, kubernetes } = this.surroundings;
    const report = { format: 1, machine, kubernetes, rows: this.rows } as const;
    const picture = drawRuns(`Sluice on ${trace.name}, worker: ${worker}`, trace, kind.runs, middleOf(kind));
    this.writing = this.writing.then(async () => {
      await writeReport(this.directory, report);
      await writeFile(join(this.directory, name), picture);
    });
    await this.writing;
    return row;
  }

  private rowOf(trace: Trace, worker: WorkerKind, run: Run): RunRow {
    const { machine, beside } = this.surroundings;
    return {
      trace: trace.name,
      worker,
      seed: run.seed,
      figures: figuresOf(trace, run.records, run.settings),
      scalings: scalingsOf(run.settings),
      lost: run.lost,
      loadAverage: run.loadAverage,
      beside,
      measuredAt: new Date().toISOString(),
      commit: machine.commit,
    };
  }
}

/** Of the runs the one whose seconds over the objective are in the middle, and of those its replica-seconds. */
function middleOf({ runs, rows }: Kind): Run {
  const order = [...rows.entries()].toSorted(
    ([, a], [, b]) =>
      a.figures.secondsOver - b.figures.secondsOver || a.figures.replicaSeconds - b.figures.replicaSeconds,
  );
  return runs[order[Math.floor(order.length / 2)]![0]]!;
}
