/**
 * 1,000 StageScalers in one operator, with a real Kafka (200 topics of 12 partitions) and a real API server:
 *
 *   node test/kube/bench-1000.ts [--scalers 1000] [--seconds 180] [--kafka host:port] [--node-options '...']
 *
 * A tenth of the topics gets records all the time, so that figures change; nobody consumes, so that some targets
 * are scaled up, once. /metrics is read every 15 s. Prints how long ticks take, the memory of the operator and what it
 * writes.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { parseLocalConfig } from '../../services/local/config.ts';
import { darkScreen } from '../../services/local/screen.ts';
import { openCluster } from '../cluster/cluster.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { startServers } from '../fixtures/servers.ts';
import { until } from '../fixtures/until.ts';
import { createStages, createTopics, keepWriting } from './bench/fleet.ts';
import type { Memory, OperatorProcess } from './bench/operator.ts';
import { startOperator } from './bench/operator.ts';
import { rowsOf } from './bench/report.ts';
import { ClusterClient } from './cluster-client.ts';

/** As helm/sluice/values.yaml has them. */
const NODE_OPTIONS = '--max-old-space-size=160 --max-semi-space-size=4';

const SCRAPE_SECONDS = 15;

const { values } = parseArgs({
  options: {
    scalers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '180' },
    kafka: { type: 'string' },
    'node-options': { type: 'string', default: NODE_OPTIONS },
  },
});
const scalers = Number(values.scalers);
const seconds = Number(values.seconds);
const fleet = { scalers, topics: Math.ceil(scalers / 5), partitions: 12 };
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
  say(`${scalers} scalers, ${fleet.topics} topics of ${fleet.partitions} partitions`);
  await createTopics(fleet, brokers);
  say('topics and groups are made');
  await createStages(fleet, client);
  say('Deployments and StageScalers are made');
  const nodeOptions = values['node-options'];
  const { kubeconfig } = cluster;
  const operator = await startOperator({ kubeconfig, namespace: namespace.name, brokers, nodeOptions });
  ends.push(() => operator.stop());
  say('the operator is ready');
  await until('all statuses', async () => (await withStatus(client)) === scalers, 300_000);
  say('every scaler has a status; measuring begins');
  await measure(operator, brokers);
}

async function measure(operator: OperatorProcess, brokers: readonly string[]): Promise<void> {
  const stopLoad = await keepWriting(fleet, brokers);
  const before = await operator.scrape();
  const memory: Memory[] = [];
  const load: number[] = [];
  const end = performance.now() + seconds * 1_000;
  for (let second = 1; performance.now() < end; second++) {
    memory.push(await operator.memory());
    load.push(loadavg()[0]!);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // As Prometheus does.
    if (second % SCRAPE_SECONDS === 0) await operator.scrape();
  }
  const after = await operator.scrape();
  await stopLoad();
  const rows = rowsOf({ before, after, seconds, memory, load });
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`;
  for (const [name, value] of [['machine', machine], ['NODE_OPTIONS', values['node-options']], ...rows])
    process.stdout.write(`${name.padEnd(30)} ${value}\n`);
}

function say(text: string): void {
  process.stdout.write(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${text}\n`);
}

async function ownKafka(): Promise<readonly string[]> {
  const servers = await startServers(process.env);
  ends.push(() => servers.stop());
  return servers.brokers;
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
