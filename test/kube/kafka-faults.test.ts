import { Kafka, logLevel } from 'kafkajs';
import type { Admin, Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { configOfBrokers } from '../../operator/config/operator-config.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { PodReadier } from '../cluster/fake-node/pod-readier.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import type { PrivateBroker } from '../fixtures/private-broker.ts';
import { startPrivateBroker } from '../fixtures/private-broker.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';

const PARTITIONS = 12;
const REPLICAS = 4;
const TOPIC = 'orders';
const GROUP = 'shop';

/** A broker of its own, and pods that are ready. In the order of the file. */
describe.skipIf(!inject('KUBE_WITHOUT_NODES'))('the operator, when', () => {
  let namespace: TestNamespace;
  let cluster: ClusterClient;
  let broker: PrivateBroker;
  let readier: PodReadier;
  let operator: OperatorUnderTest;
  let kafka: Kafka;
  beforeAll(async () => {
    const [kubeconfig, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
    const config = loadKubeConfig(kubeconfig);
    [namespace, broker] = await Promise.all([createNamespace(config), startPrivateBroker(process.env)]);
    cluster = new ClusterClient({ kubeconfig, kubectl, namespace: namespace.name });
    await cluster.installCrd();
    readier = new PodReadier({ config, namespace: namespace.name });
    await readier.start();
    kafka = new Kafka({ brokers: [broker.plain], logLevel: logLevel.NOTHING });
    await asAdmin((admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] }),
    );
    await commit();
    await cluster.createDeployment('stage', REPLICAS);
    // So that what is held is held for not knowing, and not because it was known for a short time only.
    const spec = { profile: 'stable', capacityHint: 10, kafka: { consumerGroup: GROUP, topics: [TOPIC] } };
    await cluster.createScaler('stage', { maxReplicas: PARTITIONS, ...spec });
  }, 180_000);
  afterAll(async () => {
    await operator.stop();
    await readier.stop();
    await cluster.close();
    await namespace.delete();
    await broker.close();
  });

  async function asAdmin<Value>(act: (admin: Admin) => Promise<Value>): Promise<Value> {
    const admin = kafka.admin();
    await admin.connect();
    try {
      return await act(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Everything that there is, as a consumer would. */
  const commit = (): Promise<unknown> =>
    until(
      'the commit',
      () =>
        asAdmin(async (admin) => {
          const ends = await admin.fetchTopicOffsets(TOPIC);
          const partitions = ends.map(({ partition, offset }) => ({ partition, offset }));
          await admin.setOffsets({ groupId: GROUP, topic: TOPIC, partitions });
          return true;
        }).catch(() => false as const),
      60_000,
    );

  async function produce(producer: Producer, perPartition: number): Promise<void> {
    await producer.connect();
    const messages = Array.from({ length: PARTITIONS * perPartition }, (_, n) => ({
      value: 'x',
      partition: n % PARTITIONS,
    }));
    await producer.send({ topic: TOPIC, messages });
    await producer.disconnect();
  }

  const isKnown = (): Promise<unknown> => cluster.untilCondition('stage', 'LagKnown', 'Read', 60_000);

  /** What is told when nothing is known: in the conditions, and by an Event. */
  async function toldOf(reason: string): Promise<readonly string[]> {
    const { message } = await cluster.untilCondition('stage', 'LagKnown', reason, 60_000);
    const { note } = await cluster.untilEvent('stage', reason);
    const ready = await cluster.condition('stage', 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason });
    expect(await cluster.replicas('stage')).toBe(REPLICAS);
    expect(operator.live()).toBe(true);
    return [message, note, ready!.message];
  }

  const everywhere = (words: string): unknown =>
    Array.from({ length: 3 }, () => expect.stringContaining(words));

  const where = (): string => `at the connection "default" (${broker.plain})`;

  test('Kafka is not there at its start: it says so, holds, and goes on when it comes', async () => {
    await broker.stop();
    const config = { ...configOfBrokers(broker.plain), tickSeconds: 0.5 };
    operator = await startOperator({ kubeconfig: inject('KUBECONFIG'), namespace: namespace.name, config });
    await until('leadership', () => operator.isLeader());
    expect(await toldOf('BrokerUnreachable')).toEqual(everywhere(`Kafka cannot be reached ${where()}`));
    await broker.start();
    await isKnown();
    await cluster.untilEvent('stage', 'Ready');
  }, 150_000);

  test('Kafka is away for 20 s: the same', async () => {
    await broker.stop();
    expect(await toldOf('BrokerUnreachable')).toEqual(everywhere(`Kafka cannot be reached ${where()}`));
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(await cluster.replicas('stage')).toBe(REPLICAS);
    await broker.start();
    await isKnown();
  }, 150_000);

  test('its group is deleted: it says that nobody is in it although they could be', async () => {
    await asAdmin((admin) => admin.deleteGroups([GROUP]));
    expect(await toldOf('GroupMissing')).toEqual(
      everywhere(`the group ${GROUP} does not exist at the connection "default", although 4 replicas`),
    );
    await commit();
    await isKnown();
  }, 90_000);

  test('its topic is deleted: it says that it does not exist, and what to do', async () => {
    await asAdmin((admin) => admin.deleteTopics({ topics: [TOPIC] }));
    expect(await toldOf('TopicMissing')).toEqual(
      everywhere(`the topic ${TOPIC} does not exist ${where()}: create it, or correct spec.kafka.topics`),
    );
    await asAdmin((admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] }),
    );
    await commit();
    await isKnown();
  }, 90_000);

  test('after all that it scales', async () => {
    await produce(kafka.producer(), 100);
    await cluster.untilReplicas('stage', PARTITIONS, 30_000);
    expect((await cluster.untilEvent('stage', 'ScaledUp')).note).toContain('replicas 4 → 12');
  }, 60_000);
});
