import type { TopicPartition } from '../../scaling/types.ts';
import type { BeginOffsets } from '../begin-offsets.ts';
import { ByPartition } from '../by-partition.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure } from '../failure.ts';
import type { Cluster } from './cluster.ts';
import type { ListedOffset, ListOffsetsReply, ListOffsetsRequest } from './list-offsets.ts';
import { failureOf } from './protocol-failure.ts';

/** Offsets, or why there is none. */
export type OffsetsByPartition = Pick<ByPartition<Got<number>>, 'get'>;

export interface OffsetFindings {
  readonly begins: OffsetsByPartition;
  readonly ends: OffsetsByPartition;
}

/** Ends of all partitions by one request to each leader, and by another one the begins that are due. */
export async function readOffsets(
  cluster: Cluster,
  topics: readonly string[],
  known: BeginOffsets,
  { deadline, nowMs }: { deadline: Deadline; nowMs: number },
): Promise<OffsetFindings> {
  const byLeader = partitionsByLeader(cluster, topics);
  const ends = new ByPartition<Got<number>>();
  const begins = new ByPartition<Got<number>>();
  const readBegins = async (leader: number, partitions: readonly TopicPartition[]): Promise<void> => {
    if (partitions.length === 0) return;
    await listOffsets(cluster, { leader, partitions, offset: 'earliest', deadline }, begins);
    for (const of of partitions) {
      const begin = begins.get(of.topic, of.partition);
      if (typeof begin === 'number') known.note(of, begin, nowMs);
    }
  };
  await Promise.all(
    [...byLeader].map(async ([leader, partitions]) => {
      const due = partitions.filter((of) => known.isDue(of, nowMs));
      await Promise.all([
        listOffsets(cluster, { leader, partitions, offset: 'latest', deadline }, ends),
        readBegins(leader, due),
      ]);
      const fallen = partitions.filter((of) => {
        const end = ends.get(of.topic, of.partition);
        return typeof end === 'number' && !known.agrees(of, end);
      });
      await readBegins(leader, fallen);
      for (const of of partitions) {
        const begin = known.get(of);
        if (begin !== undefined && !begins.has(of.topic, of.partition))
          begins.set(of.topic, of.partition, begin);
      }
    }),
  );
  return { begins, ends };
}

function partitionsByLeader(cluster: Cluster, topics: readonly string[]): Map<number, TopicPartition[]> {
  const byLeader = new Map<number, TopicPartition[]>();
  for (const topic of topics) {
    const leaders = cluster.leaders(topic);
    if (leaders instanceof ReadFailure) continue;
    for (const [partition, leader] of leaders) {
      if (leader instanceof ReadFailure) continue;
      const partitions = byLeader.get(leader);
      if (partitions) partitions.push({ topic, partition });
      else byLeader.set(leader, [{ topic, partition }]);
    }
  }
  return byLeader;
}

interface Asked {
  readonly leader: number;
  readonly partitions: readonly TopicPartition[];
  readonly offset: ListedOffset;
  readonly deadline: Deadline;
}

/** Puts every partition's offset, or failure, into `into`. Never rejects with a ReadFailure. */
async function listOffsets(
  cluster: Cluster,
  { leader, partitions, offset, deadline }: Asked,
  into: ByPartition<Got<number>>,
): Promise<void> {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const list = byTopic.get(topic);
    if (list) list.push(partition);
    else byTopic.set(topic, [partition]);
  }
  const topics = [...byTopic].map(([topic, list]) => ({ topic, partitions: list }));
  const request: ListOffsetsRequest = { offset, topics };
  try {
    const reply = await cluster.request<ListOffsetsReply>(leader, 'ListOffsets', request, deadline);
    for (const { topic, partitions: found } of reply.topics)
      for (const { partition, errorCode, offset: listed } of found)
        into.set(topic, partition, errorCode === 0 ? listed : failureOf(errorCode, `${topic}/${partition}`));
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error;
    for (const { topic, partition } of partitions) into.set(topic, partition, error);
  }
}
