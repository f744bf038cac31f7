/**
 * How long a sleeping stage waits for its replicas: from the moment at which records are sent to a topic until the API
 * server tells everybody that the Deployment is to have 16 replicas and not none, with a real Kafka and a real API
 * server, at all phases of the operator's tick:
 *
 *   node test/kube/bench-decision.ts [--rounds 20] [--kafka host:port]
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin, Producer } from 'kafkajs';
import { createLogger } from '../../otel/logger.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { SupervisedInformer } from '../../operator/kube/supervised-informer.ts';
import { keepWorkload } from '../../operator/kube/workload.ts';
import { parseLocalConfig } from '../../services/local/config.ts';
import { darkScreen } from '../../services/local/screen.ts';
import { openCluster } from '../cluster/cluster.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { startServers } from '../fixtures/servers.ts';
import { until } from '../fixtures/until.ts';
import { startOperator } from './bench/operator.ts';
import { ClusterClient } from './cluster-client.ts';
import type { GroupOffsets } from './group-offsets.ts';
import { commitAllOffsets } from './group-offsets.ts';

const PARTITIONS = 16;
const TICK_SECONDS = 2;
const ALLOWED_SECONDS = TICK_SECONDS + 0.5;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, kafka: { type: 'string' } },
});
const names = Array.from({ length: Number(values.rounds) }, (_, round) => `decision-${round}`);
const ends: (() => unknown)[] = [];

try {
  const seconds = await bench();
  report(seconds);
  if (Math.max(...seconds) > ALLOWED_SECONDS) process.exitCode = 1;
} finally {
  for (const end of ends.toReversed()) await end();
}

async function bench(): Promise<readonly number[]> {
  const { cacheDir } = parseLocalConfig(process.env);
  const cluster = await openCluster({ cacheDir, env: process.env, screen: darkScreen });
  ends.push(() => cluster.stop());
  const brokers = values.kafka?.split(',') ?? (await ownKafka());
  const { name: namespace } = await createNamespace(loadKubeConfig(cluster.kubeconfig));
  const client = new ClusterClient({ ...cluster, namespace });
  ends.push(() => client.close());
  await client.installCrd();
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  ends.push(() => Promise.all([admin.disconnect(), producer.disconnect()]));
  await createSleepers(client, admin, brokers);
  const { kubeconfig } = cluster;
  const operator = await startOperator({ kubeconfig, namespace, brokers, nodeOptions: '' });
  ends.push(() => operator.stop());
  for (const name of names) await client.untilCondition(name, 'LagKnown', 'Read', 60_000);
  return measure(client, producer);
}

/** Stages without replicas that have read all there is, and need one replica for every 100 records. */
async function createSleepers(
  client: ClusterClient,
  admin: Admin,
  brokers: readonly string[],
): Promise<void> {
  const topics = names.map((topic) => ({ topic, numPartitions: PARTITIONS }));
  await admin.createTopics({ topics, waitForLeaders: false, timeout: 60_000 });
  // The topic of the offsets is made when somebody asks for the first group.
  await until('a coordinator', () => admin.describeGroups([names[0]!]).catch(() => false as const), 60_000);
  await commitAllOffsets(brokers, names.map(readAll), 60_000);
  for (const name of names) {
    await client.createDeployment(name, 0);
    const kafka = { consumerGroup: name, topics: [name] };
    await client.createScaler(name, { minReplicas: 0, maxReplicas: PARTITIONS, capacityHint: 10, kafka });
  }
}

function readAll(name: string): GroupOffsets {
  return { group: name, topic: name, partitions: PARTITIONS, offset: 0, metadata: '' };
}

async function measure(client: ClusterClient, producer: Producer): Promise<readonly number[]> {
  const scaledAt = new Map<string, number>();
  const watch = new SupervisedInformer({
    api: client.api,
    log: createLogger('bench', { level: 'warn' }),
    keep: keepWorkload,
    path: `/apis/apps/v1/namespaces/${client.namespace}/deployments`,
  });
  watch.onChange((key, _before, now) => {
    const name = key.split('/')[1]!;
    if (now?.desired === PARTITIONS && !scaledAt.has(name)) scaledAt.set(name, performance.now());
  });
  watch.start();
  ends.push(() => watch.stop());
  await watch.whenSynced();
  const seconds: number[] = [];
  for (const [round, topic] of names.entries()) {
    // From round to round a little later in the tick.
    await new Promise((resolve) => setTimeout(resolve, (1 + round / names.length) * TICK_SECONDS * 1_000));
    const began = performance.now();
    const messages = Array.from({ length: PARTITIONS * 100 }, (_, n) => ({
      value: 'x',
      partition: n % PARTITIONS,
    }));
    await producer.send({ topic, messages });
    await until(`${PARTITIONS} replicas of ${topic}`, () => scaledAt.has(topic), 30_000);
    seconds.push((scaledAt.get(topic)! - began) / 1_000);
  }
  return seconds;
}

function report(seconds: readonly number[]): void {
  const sorted = seconds.toSorted((a, b) => a - b);
  const show = (value: number | undefined): string => `${value?.toFixed(2)} s`;
  const rows = [
    ['machine', `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`],
    ['load average', loadavg()[0]!.toFixed(1)],
    ['rounds', String(seconds.length)],
    [`0 → ${PARTITIONS}: least`, show(sorted[0])],
    ['median', show(sorted[sorted.length >> 1])],
    ['most', `${show(sorted.at(-1))}, ${ALLOWED_SECONDS} s allowed`],
  ];
  for (const [name = '', value] of rows) process.stdout.write(`${name.padEnd(16)} ${value}\n`);
}

async function ownKafka(): Promise<readonly string[]> {
  const servers = await startServers(process.env);
  ends.push(() => servers.stop());
  return servers.brokers;
}
