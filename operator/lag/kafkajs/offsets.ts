import type { TopicPartition } from '../../scaling/types.ts';
import type { BeginOffsets } from '../begin-offsets.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure } from '../failure.ts';
import type { Cluster } from './cluster.ts';
import { failureOf } from './cluster.ts';
import type { ListOffsetsReply } from './replies.ts';

/** Offsets by partition (`topic/partition`), or why there is none. */
export type OffsetsByPartition = ReadonlyMap<string, Got<number>>;

export interface OffsetFindings {
  readonly begins: OffsetsByPartition;
  readonly ends: OffsetsByPartition;
}

const LATEST = '-1';
const EARLIEST = '-2';
/** What is written counts, also while its transaction is open. */
const READ_UNCOMMITTED = 0;

export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Ends of all partitions by one request to each leader, and by another one the begins that are due. */
export async function readOffsets(
  cluster: Cluster,
  topics: readonly string[],
  known: BeginOffsets,
  { deadline, nowMs }: { deadline: Deadline; nowMs: number },
): Promise<OffsetFindings> {
  const byLeader = partitionsByLeader(cluster, topics);
  const ends = new Map<string, Got<number>>();
  const begins = new Map<string, Got<number>>();
  const readBegins = async (leader: number, partitions: readonly TopicPartition[]): Promise<void> => {
    if (partitions.length === 0) return;
    await listOffsets(cluster, { leader, partitions, timestamp: EARLIEST, deadline }, begins);
    for (const of of partitions) {
      const begin = begins.get(keyOf(of));
      if (typeof begin === 'number') known.note(of, begin, nowMs);
    }
  };
  await Promise.all(
    [...byLeader].map(async ([leader, partitions]) => {
      const due = partitions.filter((of) => known.isDue(of, nowMs));
      await Promise.all([
        listOffsets(cluster, { leader, partitions, timestamp: LATEST, deadline }, ends),
        readBegins(leader, due),
      ]);
      const fallen = partitions.filter((of) => {
        const end = ends.get(keyOf(of));
        return typeof end === 'number' && !known.agrees(of, end);
      });
      await readBegins(leader, fallen);
      for (const of of partitions) {
        const begin = known.get(of);
        if (begin !== undefined && !begins.has(keyOf(of))) begins.set(keyOf(of), begin);
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
  readonly timestamp: string;
  readonly deadline: Deadline;
}

/** Puts every partition's offset, or failure, into `into`. Never rejects with a ReadFailure. */
async function listOffsets(
  cluster: Cluster,
  { leader, partitions, timestamp, deadline }: Asked,
  into: Map<string, Got<number>>,
): Promise<void> {
  const byTopic = new Map<string, { partition: number; timestamp: string }[]>();
  for (const { topic, partition } of partitions) {
    const list = byTopic.get(topic);
    if (list) list.push({ partition, timestamp });
    else byTopic.set(topic, [{ partition, timestamp }]);
  }
  const options = {
    isolationLevel: READ_UNCOMMITTED,
    topics: [...byTopic].map(([topic, list]) => ({ topic, partitions: list })),
  };
  try {
    const reply = await cluster.request<ListOffsetsReply>(leader, 'ListOffsets', options, deadline);
    for (const { topic, partitions: found } of reply.responses)
      for (const { partition, errorCode, offset } of found)
        into.set(
          `${topic}/${partition}`,
          errorCode === 0 ? Number(offset) : failureOf(errorCode, `${topic}/${partition}`),
        );
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error;
    for (const of of partitions) into.set(keyOf(of), error);
  }
}
