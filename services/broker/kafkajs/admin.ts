import { ConstantBackoff, handleAll, retry } from 'cockatiel';
import kafkajs from 'kafkajs';
import type { BrokerAdmin, TopicSpec } from '../port.ts';
import type { ClientOptions } from './client.ts';
import { createKafka } from './client.ts';
import { Connection } from './connection.ts';
import { isMissingTopic } from './error-type.ts';

const settled = retry(handleAll, { maxAttempts: 100, backoff: new ConstantBackoff(100) });

/** Topics and offsets, for start-up, lag and the sweeper. */
export function createAdmin(options: ClientOptions): BrokerAdmin {
  const admin = createKafka(options).admin();
  const connection = new Connection(() => admin.connect());
  admin.on(admin.events.DISCONNECT, () => connection.lost());
  return {
    disconnect: () => admin.disconnect(),
    ensureTopics: (topics) => ensureTopics(options, topics),
    partitionCount: async (topic) => {
      await connection.ensure();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch((error: unknown) => {
        if (isMissingTopic(error)) return { topics: [] };
        throw error;
      });
      return topics[0]?.partitions.length ?? 0;
    },
    topicOffsets: async (topic) => {
      await connection.ensure();
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
    },
    committedOffsets: async (groupId, topic) => {
      await connection.ensure();
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return (found?.partitions ?? []).map(({ partition, offset, metadata }) => ({
        partition,
        offset: offset === '-1' ? undefined : BigInt(offset),
        metadata: metadata ?? undefined,
      }));
    },
    owners: async (groupId, topic) => {
      await connection.ensure();
      const { groups } = await admin.describeGroups([groupId]);
      return new Map(
        (groups[0]?.members ?? []).flatMap(({ memberId, memberAssignment }) => {
          const assigned = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment;
          return (assigned?.[topic] ?? []).map((partition) => [partition, memberId] as const);
        }),
      );
    },
  };
}

/**
 * With a client of its own: one that has known a topic before asks for it in every refresh of its metadata, and
 * can create nothing at all while that topic is missing.
 */
async function ensureTopics(options: ClientOptions, topics: readonly TopicSpec[]): Promise<string[]> {
  const admin = createKafka(options).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ topic }) => !existing.has(topic));
    if (missing.length === 0) return [];
    await admin.createTopics({
      // kafkajs gives up where the broker has not heard of the topic yet.
      waitForLeaders: false,
      topics: missing.map(({ topic, partitions }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: -1,
      })),
    });
    // Before the leaders answer, sending would store some messages twice.
    for (const { topic } of missing) await settled.execute(() => admin.fetchTopicOffsets(topic));
    return missing.map(({ topic }) => topic);
  } finally {
    await admin.disconnect();
  }
}
