import { Mistakes, flag, readArgs, string, stringOr } from '../lib/command-line.ts';
import type { TraceName } from './traces.ts';
import { TRACE_NAMES } from './traces.ts';

export const WORKERS = ['plain', 'load'] as const;
/** plain: says nothing of itself. load: says how busy it is with every commit. */
export type WorkerKind = (typeof WORKERS)[number];

export interface ScalingOptions {
  readonly help: boolean;
  readonly traces: readonly TraceName[];
  readonly workers: readonly WorkerKind[];
  readonly runs: number;
  /** Runs at the same time, on a node that has room for them. */
  readonly lanes: number;
  /** Of load/scaling/worker. */
  readonly image: string;
  /** Of a Kafka for the bench; not used where `kafka` is given. */
  readonly kafkaImage: string;
  /** host:port that pods and this machine reach alike; undefined: one is started in the cluster. */
  readonly kafka: string | undefined;
  readonly kubeconfig: string | undefined;
  /** An operator that looks after all namespaces runs already: start none. */
  readonly operatorThere: boolean;
  readonly out: string;
}

export const USAGE = `npm run bench:scaling -- [options]

The worker and the loads on which real KEDA was measured, scaled by Sluice on a real node:
writes docs/bench/scaling/report.md, report.json and pictures.

  --traces A,B         of ${TRACE_NAMES.join(', ')} (all)
  --workers A,B        of ${WORKERS.join(', ')}: say nothing, or their load with every commit (both)
  --runs N             of each (5)
  --lanes N            runs at the same time, on a node with room for them (1)
  --image NAME         of the worker, built from load/scaling/worker (sluice-bench-worker:1)
  --kafka HOST:PORT    that pods and this machine reach alike (default: one is started in the cluster)
  --kafka-image NAME   for that (apache/kafka:4.3.1)
  --kubeconfig FILE    (KUBECONFIG)
  --operator-there     use the operator of the cluster, which must look after all namespaces
  --out DIR            where to write`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): ScalingOptions {
  const values = readArgs(args, {
    help: flag,
    traces: stringOr(TRACE_NAMES.join(',')),
    workers: stringOr(WORKERS.join(',')),
    runs: stringOr('5'),
    lanes: stringOr('1'),
    image: stringOr('sluice-bench-worker:1'),
    'kafka-image': stringOr('apache/kafka:4.3.1'),
    kafka: string,
    kubeconfig: string,
    'operator-there': flag,
    out: stringOr('docs/bench/scaling'),
  });
  const mistakes = new Mistakes();
  const options = {
    help: values.help,
    traces: mistakes.setOf('traces', values.traces, TRACE_NAMES),
    workers: mistakes.setOf('workers', values.workers, WORKERS),
    runs: mistakes.integer('runs', values.runs, [1, 100]),
    lanes: mistakes.integer('lanes', values.lanes, [1, 8]),
    image: values.image,
    kafkaImage: values['kafka-image'],
    kafka: values.kafka,
    kubeconfig: values.kubeconfig,
    operatorThere: values['operator-there'],
    out: values.out,
  };
  mistakes.end();
  return options;
}
