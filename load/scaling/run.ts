import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import type { BenchCluster } from './bench-cluster.ts';
import type { Settled, Setting } from './figures.ts';
import { stageScaler, WORKER, workerDeployment } from './objects.ts';
import type { WorkerKind } from './options.ts';
import { Reports } from './reports.ts';
import type { Trace } from './traces.ts';
import { PARTITIONS, secondsOf } from './traces.ts';

export interface OperatorStart {
  readonly kubeconfig: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

export interface RunContext {
  readonly cluster: BenchCluster;
  readonly kafka: string;
  readonly image: string;
  /** Undefined: one runs already. */
  readonly operator: OperatorStart | undefined;
  readonly signal: AbortSignal;
}

export interface Run {
  readonly seed: number;
  readonly records: readonly Settled[];
  readonly settings: readonly Setting[];
  /** Records that were never settled. */
  readonly lost: number;
  /** The highest while it ran. */
  readonly loadAverage: number;
}

const ROOT = join(import.meta.dirname, '..', '..');
const log = createLogger('bench', { level: 'warn' });
/** For the operator to look a few times before anything happens. */
const LEAD_SECONDS = 10;
const SAMPLE_MS = 250;
const DRAIN_SECONDS = 90;

/** One run of a trace, in a namespace, with topics and with an operator of its own. */
export async function runTrace(
  context: RunContext,
  trace: Trace,
  { seed, kind }: { readonly seed: number; readonly kind: WorkerKind },
): Promise<Run> {
  const { cluster, kafka, image } = context;
  const namespace = await cluster.createNamespace();
  const [topic, reportTopic] = [namespace, `${namespace}-settled`];
  const admin = createAdmin({ brokers: [kafka], clientId: 'bench', log });
  const reports = new Reports({ kafka, topic: reportTopic, log });
  let operator: ChildProcess | undefined;
  try {
    await admin.ensureTopics([
      { topic, partitions: PARTITIONS },
      { topic: reportTopic, partitions: 1 },
    ]);
    await reports.start();
    const load = kind === 'load' ? { SAY_LOAD: '1' } : undefined;
    const variables = { BROKERS: kafka, TOPIC: topic, GROUP: topic, REPORT_TOPIC: reportTopic, ...load };
    await cluster.create(namespace, workerDeployment(image, variables));
    await cluster.whenReady(namespace, WORKER);
    operator = context.operator && startOperator(context.operator, kafka, namespace);
    await cluster.create(namespace, stageScaler(topic, topic));
    const beginsAt = Date.now() + LEAD_SECONDS * 1_000;
    const [count, { settings, loadAverage }] = await Promise.all([
      produce({ kafka, topic, trace, seed, beginsAt, signal: context.signal }),
      sample(cluster, namespace, { beginsAt, seconds: secondsOf(trace), signal: context.signal }),
    ]);
    const end = performance.now() + DRAIN_SECONDS * 1_000;
    while (reports.count < count && performance.now() < end) await sleep(SAMPLE_MS);
    const records = reports.records(beginsAt);
    return { seed, records, settings, lost: count - records.length, loadAverage };
  } finally {
    operator?.kill('SIGTERM');
    await Promise.allSettled([reports.stop(), admin.disconnect(), cluster.deleteNamespace(namespace)]);
  }
}

/** As a user would start it by hand. */
function startOperator(start: OperatorStart, kafka: string, namespace: string): ChildProcess {
  const kubeconfig = start.kubeconfig === undefined ? [] : ['--kubeconfig', start.kubeconfig];
  const args = ['operator', '--namespace', namespace, '--status-port', '0', ...kubeconfig];
  // Its Lease is in the same namespace: no other operator is in its way.
  const env = { ...start.env, KAFKA_BROKERS: kafka, POD_NAMESPACE: namespace, LOG_LEVEL: 'warn' };
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  return spawn(process.execPath, [join(ROOT, 'bin', 'sluice.mjs'), ...args], { env, stdio: [...stdio] });
}

interface Production {
  readonly kafka: string;
  readonly topic: string;
  readonly trace: Trace;
  readonly seed: number;
  readonly beginsAt: number;
  readonly signal: AbortSignal;
}

/** Resolves to the number of records. */
async function produce({ kafka, topic, trace, seed, beginsAt, signal }: Production): Promise<number> {
  const spec = { brokers: [kafka], topic, partitions: PARTITIONS, seed, beginsAt, rates: trace.rates };
  const script = join(import.meta.dirname, 'worker', 'producer.js');
  const child = spawn(process.execPath, [script, JSON.stringify(spec)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The producer ended with ${code}.`);
  return Number(output.trim());
}

interface Sampling {
  readonly beginsAt: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** What was asked of the Deployment, four looks a second, and what the machine had to do. */
async function sample(
  cluster: BenchCluster,
  namespace: string,
  { beginsAt, seconds, signal }: Sampling,
): Promise<Pick<Run, 'settings' | 'loadAverage'>> {
  const settings: Setting[] = [];
  let loadAverage = 0;
  while (!signal.aborted) {
    const second = (Date.now() - beginsAt) / 1_000;
    if (second > seconds) break;
    loadAverage = Math.max(loadAverage, loadavg()[0]!);
    const replicas = await cluster.replicas(namespace, WORKER).catch(() => settings.at(-1)?.replicas ?? 1);
    if (settings.at(-1)?.replicas !== replicas) settings.push({ second, replicas });
    await sleep(SAMPLE_MS);
  }
  return { settings, loadAverage };
}
