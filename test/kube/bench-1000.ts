/**
 * 1,000 StageScalers in one operator, with a real Kafka (200 topics of 12 partitions) and a real API server:
 *
 *   node test/kube/bench-1000.ts [--scalers 1000] [--seconds 120] [--kafka host:port]
 *
 * A tenth of the topics gets records all the time, so that figures change; nobody consumes, so that some targets
 * are scaled up, once. Prints how long ticks take, the memory of the operator and what it writes.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { parseLocalConfig } from '../../services/local/config.ts';
import { darkScreen } from '../../services/local/screen.ts';
import { guard } from '../../services/local/supervisor/guard.ts';
import { rssBytes } from '../../services/local/supervisor/rss.ts';
import { openCluster } from '../cluster/cluster.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { startServers } from '../fixtures/servers.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import type { GroupOffsets } from './group-offsets.ts';
import { commitOffsets } from './group-offsets.ts';
import { quantile, Scrape } from './scrape.ts';

const { values } = parseArgs({
  options: {
    scalers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '120' },
    kafka: { type: 'string' },
  },
});
const SCALERS = Number(values.scalers);
const SECONDS = Number(values.seconds);
const TOPICS = Math.ceil(SCALERS / 5);
const PARTITIONS = 12;
const MIB = 1_048_576;
/** A heap that grows slowly: most of what a tick reads is garbage after it. */
const NODE_FLAGS = ['--max-old-space-size=160', '--max-semi-space-size=2', '--heap-growing-percent=20'];
const ends: (() => unknown)[] = [];

try {
  await bench();
} finally {
  for (const end of ends.toReversed()) await end();
}

async function bench(): Promise<void> {
  const { cacheDir } = parseLocalConfig(process.env);
  const cluster = await openCluster({ cacheDir, env: process.env, screen: darkScreen });
  ends.push(() => cluster.stop());
  const brokers = values.kafka?.split(',') ?? (await ownKafka());
  const namespace = await createNamespace(loadKubeConfig(cluster.kubeconfig));
  const client = new ClusterClient({ ...cluster, namespace: namespace.name });
  ends.push(() => client.close());
  await client.installCrd();
  say(`${SCALERS} scalers, ${TOPICS} topics of ${PARTITIONS} partitions`);
  await createTopics(brokers);
  await createStages(client);
  const operator = await startOperator(cluster.kubeconfig, namespace.name, brokers);
  await until('all statuses', async () => (await withStatus(client)) === SCALERS, 300_000);
  say('every scaler has a status; measuring begins');
  const before = await operator.scrape();
  const memory: number[] = [];
  const stopLoad = await keepWriting(brokers);
  const end = performance.now() + SECONDS * 1_000;
  while (performance.now() < end) {
    memory.push(await rssBytes(operator.pid));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await stopLoad();
  report(before, await operator.scrape(), memory);
}

function say(text: string): void {
  process.stdout.write(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${text}\n`);
}

async function ownKafka(): Promise<readonly string[]> {
  const servers = await startServers(process.env);
  ends.push(() => servers.stop());
  return servers.brokers;
}

function topicOf(index: number): string {
  return `bench-${index % TOPICS}`;
}

async function createTopics(brokers: readonly string[]): Promise<void> {
  const admin = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    requestTimeout: 120_000,
  }).admin();
  await admin.connect();
  const topics = Array.from({ length: TOPICS }, (_, index) => ({
    topic: topicOf(index),
    numPartitions: PARTITIONS,
  }));
  for (let from = 0; from < topics.length; from += 20)
    await admin.createTopics({
      topics: topics.slice(from, from + 20),
      timeout: 60_000,
      waitForLeaders: false,
    });
  // The topic of the offsets is made when somebody asks for the first group.
  await until('a coordinator', () => admin.describeGroups(['bench-0']).catch(() => false as const), 120_000);
  const [host = '', port] = brokers[0]!.split(':');
  let left: readonly GroupOffsets[] = Array.from({ length: SCALERS }, (_, index) => ({
    group: `bench-${index}`,
    topic: topicOf(index),
    partitions: PARTITIONS,
    offset: 0,
    metadata: JSON.stringify({ v: 1, r: `replica-${index}`, b: 12.345, n: 48_211, f: 3 }),
  }));
  await until(
    'the offsets of all groups',
    async () => {
      left = await commitOffsets({ host, port: Number(port) }, left);
      return left.length === 0;
    },
    300_000,
  );
  await admin.disconnect();
  say('topics and groups are made');
}

async function createStages(client: ClusterClient): Promise<void> {
  await inParallel(SCALERS, 8, async (index) => {
    const name = `stage-${index}`;
    // Without replicas, so that the cluster itself has nothing to do.
    await client.createDeployment(name, 0);
    await client.createScaler(name, {
      minReplicas: 0,
      capacityHint: 50,
      dryRun: index % 10 !== 0,
      kafka: { consumerGroup: `bench-${index}`, topics: [topicOf(index)] },
    });
  });
  say('Deployments and StageScalers are made');
}

async function inParallel(
  count: number,
  width: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await task(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function startOperator(kubeconfig: string, namespace: string, brokers: readonly string[]) {
  const config = join(await temporaryDirectory(), 'operator.yaml');
  await writeFile(config, JSON.stringify({ kafka: { default: { brokers } } }));
  const main = join(import.meta.dirname, '../../operator/main.ts');
  const args = [
    '--kubeconfig',
    kubeconfig,
    '--namespace',
    namespace,
    '--config',
    config,
    '--status-port',
    '0',
  ];
  const env = { ...process.env, POD_NAMESPACE: namespace, LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [...NODE_FLAGS, main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const guarded = guard(child.pid!, 'SIGKILL');
  ends.push(async () => {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    guarded.kill('SIGKILL');
  });
  let port: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    port ??= (JSON.parse(line) as { adminPort?: number }).adminPort;
  });
  await until(
    'the operator to be ready',
    async () => {
      if (port === undefined) return false;
      return fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    120_000,
  );
  say('the operator is ready');
  const scrape = async () => new Scrape(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
  return { pid: child.pid!, scrape };
}

async function withStatus(client: ClusterClient): Promise<number> {
  // Not more often: kubectl itself takes a core for it.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const text = await client.kubectl(
    'get',
    'ss',
    '-o',
    'jsonpath={range .items[*]}{.status.reason}{"\\n"}{end}',
  );
  return text.split('\n').filter((line) => line !== '').length;
}

/** Records to a tenth of the topics, all the time. */
async function keepWriting(brokers: readonly string[]): Promise<() => Promise<void>> {
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      for (let topic = 0; topic < TOPICS; topic += 10) {
        const messages = Array.from({ length: PARTITIONS }, (_, partition) => ({ value: 'x', partition }));
        await producer.send({ topic: topicOf(topic), messages });
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  return async () => {
    stopping.abort();
    await running;
    await producer.disconnect();
  };
}

function report(before: Scrape, after: Scrape, memory: readonly number[]): void {
  const tick = 'sluice_operator_tick_duration';
  const writes = (scrape: Scrape, resource: RegExp): number =>
    scrape.sum(
      'sluice_operator_kube_requests_total',
      (labels) => /PATCH|POST|PUT/.test(labels) && resource.test(labels),
    );
  const written = (resource: RegExp): string => {
    const count = writes(after, resource) - writes(before, resource);
    return `${count} (${(count / SECONDS).toFixed(1)}/s)`;
  };
  const ticks = after.sum(`${tick}_count`) - before.sum(`${tick}_count`);
  const seconds = after.sum(`${tick}_sum`) - before.sum(`${tick}_sum`);
  const peak = Math.max(...memory);
  const kafka =
    after.sum('sluice_operator_kafka_requests_total') - before.sum('sluice_operator_kafka_requests_total');
  const lines = [
    ['ticks', `${ticks} in ${SECONDS} s, ${(seconds / ticks).toFixed(3)} s on average`],
    [
      'tick p50, p99 (at most)',
      `${quantile(before, after, tick, 0.5)} s, ${quantile(before, after, tick, 0.99)} s`,
    ],
    ['RSS, median and peak', `${mib(memory.toSorted((a, b) => a - b)[memory.length >> 1]!)}, ${mib(peak)}`],
    [
      'CPU',
      `${((after.sum('process_cpu_time_total') - before.sum('process_cpu_time_total')) / SECONDS).toFixed(2)} cores`,
    ],
    ['status writes', written(/stagescalers\/status/)],
    ['scale writes', written(/\/scale"/)],
    ['Events', written(/resource="events"/)],
    ['Lease writes', written(/leases/)],
    ['Kafka requests per tick', (kafka / ticks).toFixed(0)],
    [
      'load average',
      loadavg()
        .map((one) => one.toFixed(1))
        .join(' '),
    ],
  ];
  for (const [name, value] of lines) process.stdout.write(`${name!.padEnd(26)} ${value}\n`);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
