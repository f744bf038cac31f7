import { setTimeout as sleep } from 'node:timers/promises';
import { listenForInterruption } from '../lib/interruption.ts';
import { runBench } from '../lib/run-bench.ts';
import { describeMachine } from '../lib/machine.ts';
import { BenchCluster } from './bench-cluster.ts';
import { stepsOf } from './figures.ts';
import { kafkaObjects } from './objects.ts';
import type { ScalingOptions, WorkerKind } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import { Results } from './results.ts';
import type { RunContext } from './run.ts';
import { runTrace } from './run.ts';
import type { Trace } from './traces.ts';
import { TRACES } from './traces.ts';

/** Between the beginnings of runs side by side: their steps shall not come at the same time. */
const APART_MS = 20_000;

/** One run. */
interface Plan {
  readonly trace: Trace;
  readonly kind: WorkerKind;
  readonly seed: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench(options: ScalingOptions): Promise<void> {
  const { signal, happened } = listenForInterruption();
  const { kubeconfig, image, operatorThere } = options;
  const cluster = new BenchCluster(kubeconfig);
  const own = await cluster.createNamespace();
  let all: Promise<void> | undefined;
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
    const { workers, out, runs, lanes } = options;
    const results = await Results.open(out, {
      machine: await describeMachine(),
      kubernetes: await cluster.version(),
      beside: lanes - 1,
    });
    const seeds = Array.from({ length: runs }, (_, index) => index + 1);
    const plans = workers.flatMap((kind) =>
      seeds.flatMap((seed) => options.traces.map((name) => ({ trace: TRACES[name], kind, seed }))),
    );
    const failed: Plan[] = [];
    all = inLanes(plans, lanes, signal, (plan) =>
      measure(context, plan, results).catch((error: unknown) => {
        if (signal.aborted) return;
        // What the others have measured is not lost by it.
        say(`${nameOf(plan)} failed: ${String(error)}`);
        failed.push(plan);
      }),
    );
    await Promise.race([all, happened]);
    if (failed.length > 0) throw new Error(`Not measured: ${failed.map(nameOf).join('; ')}.`);
    say(`Written to ${options.out}/report.md, report.json and pictures.`);
  } finally {
    // Runs that were interrupted still take away their namespaces.
    await all?.catch(() => undefined);
    await cluster.deleteNamespace(own);
    await cluster.removeCrd();
    await cluster.close();
  }
}

async function startKafka(cluster: BenchCluster, namespace: string, image: string): Promise<string> {
  for (const object of await kafkaObjects(image)) await cluster.create(namespace, object);
  await cluster.whenReady(namespace, 'kafka');
  return `${await cluster.podIp(namespace, 'kafka')}:9092`;
}

/** Each lane takes the next that nobody has taken, until there is none. */
async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async (_: unknown, index: number): Promise<void> => {
    await sleep(index * APART_MS, undefined, { signal });
    for (const item of left) {
      if (signal.aborted) return;
      await work(item);
    }
  };
  await Promise.allSettled(Array.from({ length: lanes }, lane));
}

function nameOf({ trace, kind, seed }: Plan): string {
  return `${trace.name}, ${kind}, run ${seed}`;
}

async function measure(context: RunContext, plan: Plan, results: Results): Promise<void> {
  const { trace, kind, seed } = plan;
  const run = await runTrace(context, trace, { seed, kind });
  const { figures, scalings } = await results.add(trace, kind, run);
  say(
    `${nameOf(plan)}: ${figures.secondsOver} s over, ` +
      `${Math.round(figures.replicaSeconds)} replica-s (${figures.timesOracle.toFixed(2)} x oracle), ` +
      `oldest ${figures.ageMax.toFixed(1)} s: ${stepsOf(scalings)}`,
  );
}
