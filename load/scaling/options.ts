import { parseArgs } from 'node:util';
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
  --image NAME         of the worker, built from load/scaling/worker (sluice-bench-worker:1)
  --kafka HOST:PORT    that pods and this machine reach alike (default: one is started in the cluster)
  --kafka-image NAME   for that (apache/kafka:4.3.1)
  --kubeconfig FILE    (KUBECONFIG)
  --operator-there     use the operator of the cluster, which must look after all namespaces
  --out DIR            where to write`;

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): ScalingOptions {
  const values = readArgs(args);
  const mistakes: string[] = [];
  const runs = Number(values.runs);
  if (!(Number.isInteger(runs) && runs > 0 && runs <= 100))
    mistakes.push('--runs must be a number from 1 to 100');
  const options = {
    help: values.help,
    traces: listOf(TRACE_NAMES, 'traces', values.traces, mistakes),
    workers: listOf(WORKERS, 'workers', values.workers, mistakes),
    runs,
    image: values.image,
    kafkaImage: values['kafka-image'],
    kafka: values.kafka,
    kubeconfig: values.kubeconfig,
    operatorThere: values['operator-there'],
    out: values.out,
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return options;
}

function listOf<Name extends string>(
  known: readonly Name[],
  option: string,
  text: string,
  mistakes: string[],
): Name[] {
  const names = text.split(',');
  const chosen = known.filter((name) => names.includes(name));
  if (chosen.length !== names.length) mistakes.push(`--${option} must be of ${known.join(', ')}`);
  return chosen;
}

function readArgs(args: readonly string[]) {
  const string = (value: string) => ({ type: 'string', default: value }) as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        traces: string(TRACE_NAMES.join(',')),
        workers: string(WORKERS.join(',')),
        runs: string('5'),
        image: string('sluice-bench-worker:1'),
        'kafka-image': string('apache/kafka:4.3.1'),
        kafka: { type: 'string' },
        kubeconfig: { type: 'string' },
        'operator-there': { type: 'boolean', default: false },
        out: string('docs/bench/scaling'),
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
