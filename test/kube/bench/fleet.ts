import { Kafka, logLevel } from 'kafkajs';
import { KubeError } from '../../../operator/kube/kube-error.ts';
import { until } from '../../fixtures/until.ts';
import type { ClusterClient } from '../cluster-client.ts';
import type { GroupOffsets } from '../group-offsets.ts';
import { commitAllOffsets } from '../group-offsets.ts';

export interface Fleet {
  readonly scalers: number;
  readonly topics: number;
  readonly partitions: number;
}

const topicOf = ({ topics }: Fleet, index: number): string => `bench-${index % topics}`;

/** All topics, and groups without members that have committed in all partitions, as our own stages do. */
export async function createTopics(fleet: Fleet, brokers: readonly string[]): Promise<void> {
  const options = { brokers: [...brokers], logLevel: logLevel.NOTHING, requestTimeout: 120_000 };
  const admin = new Kafka(options).admin();
  await admin.connect();
  const names = Array.from({ length: fleet.topics }, (_, index) => topicOf(fleet, index));
  // A broker that has just started, or is very busy, may refuse some.
  const create = async (): Promise<boolean> => {
    const existing = new Set(await admin.listTopics());
    const missing = names.filter((name) => !existing.has(name)).slice(0, 20);
    if (missing.length === 0) return true;
    const topics = missing.map((topic) => ({ topic, numPartitions: fleet.partitions }));
    await admin.createTopics({ topics, timeout: 60_000, waitForLeaders: false }).catch(() => {});
    return false;
  };
  await until('the topics', create, 300_000);
  // The topic of the offsets is made when somebody asks for the first group.
  await until('a coordinator', () => admin.describeGroups(['bench-0']).catch(() => false as const), 120_000);
  await admin.disconnect();
  await commitAll(fleet, brokers);
}

async function commitAll(fleet: Fleet, brokers: readonly string[]): Promise<void> {
  const all = Array.from({ length: fleet.scalers }, (_, index): GroupOffsets => ({
    group: `bench-${index}`,
    topic: topicOf(fleet, index),
    partitions: fleet.partitions,
    offset: 0,
    metadata: JSON.stringify({ v: 1, r: `replica-${index}`, b: 12.345, n: 48_211, f: 3 }),
  }));
  await commitAllOffsets(brokers, all, 300_000);
}

/** A Deployment and a StageScaler for each group; nine of ten are only to say what they would do. */
export async function createStages(fleet: Fleet, client: ClusterClient): Promise<void> {
  await inParallel(fleet.scalers, 8, async (index) => {
    const name = `stage-${index}`;
    // Without replicas, so that the cluster itself has nothing to do.
    await made(() => client.createDeployment(name, 0));
    await made(() =>
      client.createScaler(name, {
        minReplicas: 0,
        capacityHint: 50,
        dryRun: index % 10 !== 0,
        kafka: { consumerGroup: `bench-${index}`, topics: [topicOf(fleet, index)] },
      }),
    );
  });
}

/** An API server that is very busy may not answer in time, and have done it all the same. */
async function made(create: () => Promise<void>): Promise<void> {
  const attempt = (): Promise<boolean> =>
    create().then(
      () => true,
      (error: unknown) => {
        if (error instanceof KubeError && error.retriable) return error.reason === 'AlreadyExists';
        throw error;
      },
    );
  await until('an object to be made', attempt, 120_000);
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

/** Records to a tenth of the topics, all the time, until what it resolves to is called. */
export async function keepWriting(fleet: Fleet, brokers: readonly string[]): Promise<() => Promise<void>> {
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      for (let topic = 0; topic < fleet.topics; topic += 10) {
        const messages = Array.from({ length: fleet.partitions }, (_, partition) => ({
          value: 'x',
          partition,
        }));
        await producer.send({ topic: topicOf(fleet, topic), messages });
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
