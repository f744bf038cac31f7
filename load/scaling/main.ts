import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listenForInterruption } from '../lib/interruption.ts';
import { runBench } from '../lib/run-bench.ts';
import { describeMachine } from '../lib/machine.ts';
import { BenchCluster } from './bench-cluster.ts';
import { drawRuns } from './charts.ts';
import { figuresOf, scalingsOf } from './figures.ts';
import { kafkaObjects } from './objects.ts';
import type { ScalingOptions, WorkerKind } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import type { RunRow } from './report.ts';
import { pictureOf, readRows, writeReport } from './report.ts';
import type { Run, RunContext } from './run.ts';
import { runTrace } from './run.ts';
import type { Trace } from './traces.ts';
import { TRACES } from './traces.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench(options: ScalingOptions): Promise<void> {
  const { signal, happened } = listenForInterruption();
  const { kubeconfig, image, operatorThere } = options;
  const cluster = new BenchCluster(kubeconfig);
  const own = await cluster.createNamespace();
  try {
    await cluster.installCrd();
    const kafka = options.kafka ?? (await startKafka(cluster, own, options.kafkaImage));
    say(`Kafka at ${kafka}`);
    const context: RunContext = {
      cluster,
      kafka,
      image,
      operator: operatorThere ? undefined : { kubeconfig, env: process.env },
      signal,
    };
    for (const name of options.traces)
      for (const kind of options.workers)
        await Promise.race([runAll(context, TRACES[name], kind, options), happened]);
    say(`Written to ${options.out}/report.md, report.json and pictures.`);
  } finally {
    await cluster.deleteNamespace(own);
    await cluster.close();
  }
}

async function startKafka(cluster: BenchCluster, namespace: string, image: string): Promise<string> {
  for (const object of await kafkaObjects(image)) await cluster.create(namespace, object);
  await cluster.whenReady(namespace, 'kafka');
  return `${await cluster.podIp(namespace, 'kafka')}:9092`;
}

/** All runs of a kind; what has been measured is written after each. */
async function runAll(
  context: RunContext,
  trace: Trace,
  kind: WorkerKind,
  { runs: count, out }: ScalingOptions,
): Promise<void> {
  const machine = await describeMachine();
  const kubernetes = await context.cluster.version();
  const others = (await readRows(out)).filter((row) => row.trace !== trace.name || row.worker !== kind);
  const rows: RunRow[] = [];
  const runs: Run[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const run = await runTrace(context, trace, { seed, kind });
    const figures = figuresOf(trace, run.records, run.settings);
    const { lost, loadAverage } = run;
    const scalings = scalingsOf(run.settings);
    const measuredAt = new Date().toISOString();
    const { commit } = machine;
    runs.push(run);
    rows.push({
      trace: trace.name,
      worker: kind,
      seed,
      figures,
      scalings,
      lost,
      loadAverage,
      measuredAt,
      commit,
    });
    const steps = scalings.map(({ second, from, to }) => `${Math.round(second)}:${from}>${to}`).join(' ');
    say(
      `${trace.name}, ${kind}, run ${seed}: ${figures.secondsOver} s over, ` +
        `${Math.round(figures.replicaSeconds)} replica-s (${figures.timesOracle.toFixed(2)} x oracle), ` +
        `oldest ${figures.ageMax.toFixed(1)} s: ${steps}`,
    );
    await writeReport(out, { format: 1, machine, kubernetes, rows: [...others, ...rows] });
    const title = `Sluice on ${trace.name}, worker: ${kind}`;
    await writeFile(
      join(out, pictureOf(trace.name, kind)),
      drawRuns(title, trace, runs, middleOf(runs, rows)),
    );
  }
}

/** Of the runs the one whose seconds over the objective are in the middle, and of those its replica-seconds. */
function middleOf(runs: readonly Run[], rows: readonly RunRow[]): Run {
  const order = [...rows.entries()].toSorted(
    ([, a], [, b]) =>
      a.figures.secondsOver - b.figures.secondsOver || a.figures.replicaSeconds - b.figures.replicaSeconds,
  );
  return runs[order[Math.floor(order.length / 2)]![0]]!;
}
