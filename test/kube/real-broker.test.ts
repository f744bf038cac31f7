import { Kafka, logLevel } from 'kafkajs';
import type { Admin, Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createProgram } from '../../operator/cli/program.ts';
import { configOfBrokers } from '../../operator/config/operator-config.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';

const PARTITIONS = 16;
const TICK_SECONDS = 2;

/** Nothing is scripted here: Kafka, API server and everything between are real. */
let namespace: TestNamespace;
let cluster: ClusterClient;
let operator: OperatorUnderTest;
let admin: Admin;
let producer: Producer;
let topic: string;

beforeAll(async () => {
  const [kubeconfig, kubectl, brokers] = [inject('KUBECONFIG'), inject('KUBECTL'), inject('KAFKA_BROKERS')];
  namespace = await createNamespace(loadKubeConfig(kubeconfig));
  cluster = new ClusterClient({ kubeconfig, kubectl, namespace: namespace.name });
  await cluster.installCrd();
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  topic = `topic-${namespace.name}`;
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: false });
  const config = { ...configOfBrokers(brokers), tickSeconds: TICK_SECONDS };
  operator = await startOperator({ kubeconfig, namespace: namespace.name, config });
  await until('leadership', () => operator.isLeader());
});
afterAll(async () => {
  await operator.stop();
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  await cluster.close();
  await namespace.delete();
});

const kafkaOf = (consumerGroup: string) => ({ kafka: { consumerGroup, topics: [topic] } });

async function produce(perPartition: number): Promise<void> {
  const messages = Array.from({ length: PARTITIONS * perPartition }, (_, index) => ({
    value: 'x',
    partition: index % PARTITIONS,
  }));
  await producer.send({ topic, messages });
}

test('a topic that does not exist is told, and the target left as it is', async () => {
  await cluster.createDeployment('no-topic', 3);
  await cluster.createScaler('no-topic', { kafka: { consumerGroup: 'g', topics: ['there-is-none'] } });
  const { message } = await cluster.untilCondition('no-topic', 'LagKnown', 'TopicMissing');
  const words =
    `the topic there-is-none does not exist at the connection "default" (${inject('KAFKA_BROKERS')}): ` +
    'create it, or correct spec.kafka.topics, or spec.kafka.connection if it is elsewhere (UNKNOWN_TOPIC_OR_PARTITION)';
  expect(message).toBe(words);
  expect(await cluster.untilEvent('no-topic', 'TopicMissing')).toMatchObject({ note: words });
  const said: string[] = [];
  const program = createProgram({ operatorUrl: 'http://127.0.0.1:9', print: (lines) => said.push(...lines) });
  const args = ['explain', `${namespace.name}/no-topic`, '--kubeconfig', inject('KUBECONFIG')];
  await program.parseAsync(args, { from: 'user' });
  expect(said).toContain(`  lag is unknown, so replicas are held: ${words}`);
  expect(said).toContain(`  The lag has to be readable: ${words}.`);
  expect(await cluster.replicas('no-topic')).toBe(3);
});

test('a sleeping stage gets all its replicas in one step, within a tick and half a second', async () => {
  const group = `group-${namespace.name}`;
  await admin.setOffsets({
    groupId: group,
    topic,
    partitions: Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, offset: '0' })),
  });
  await cluster.createDeployment('sleeper', 0);
  const spec = { minReplicas: 0, maxReplicas: PARTITIONS, capacityHint: 10, ...kafkaOf(group) };
  await cluster.createScaler('sleeper', spec);
  await cluster.untilCondition('sleeper', 'LagKnown', 'Read');
  expect(await cluster.replicas('sleeper')).toBe(0);
  await produce(100);
  const began = performance.now();
  await until('replicas', async () => (await cluster.replicas('sleeper')) > 0);
  const tookMs = performance.now() - began;
  expect(await cluster.replicas('sleeper')).toBe(PARTITIONS);
  expect(tookMs).toBeLessThan(TICK_SECONDS * 1_000 + 500);
  const { note } = await cluster.untilEvent('sleeper', 'ScaledUp');
  console.info(`0 → ${PARTITIONS} after ${Math.round(tookMs)} ms: ${note}`);
  await cluster.untilStatusSays('sleeper', PARTITIONS);
});
