import type { Committed } from '../assemble.ts';
import { ByPartition } from '../by-partition.ts';
import { decodeCommitMetadata } from '../commit-metadata.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure, asFailure } from '../failure.ts';
import type { Cluster } from './cluster.ts';
import type {
  FetchedGroup,
  FetchedOffset,
  OffsetFetchGroupsReply,
  OffsetFetchGroupsRequest,
} from './offset-fetch-groups.ts';
import { failureOf } from './protocol-failure.ts';
import type { OffsetFetchReply } from './replies.ts';

/** Of one group. */
export type CommittedOf = Pick<ByPartition<Got<Committed>>, 'get' | 'some'>;

/** What is asked of one group: the partitions by topic. */
export type Wanted = ReadonlyMap<string, readonly number[]>;

export interface AskedOffsets {
  /** The coordinator of all of them. */
  readonly node: number;
  /** By group. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  readonly deadline: Deadline;
}

/**
 * The committed offsets of many groups: by one request, or, where the broker is older than Kafka 3.0, one for each. What
 * the broker says of a group, such as that another broker keeps it now, is that group's own.
 */
export async function fetchCommitted(
  cluster: Cluster,
  asked: AskedOffsets,
): Promise<ReadonlyMap<string, Got<CommittedOf>>> {
  const { node, wanted, deadline } = asked;
  try {
    if (await cluster.supports(node, 'OffsetFetchGroups', deadline))
      return await fetchTogether(cluster, asked);
  } catch (error) {
    const failure = asFailure(error);
    return new Map([...wanted.keys()].map((group) => [group, failure]));
  }
  const each = [...wanted].map(async ([group, topics]): Promise<[string, Got<CommittedOf>]> => {
    const found = await fetchOne(cluster, { node, group, topics, deadline }).catch(asFailure);
    return [group, found];
  });
  return new Map(await Promise.all(each));
}

async function fetchTogether(
  cluster: Cluster,
  { node, wanted, deadline }: AskedOffsets,
): Promise<ReadonlyMap<string, Got<CommittedOf>>> {
  const groups = [...wanted].map(([groupId, topics]) => ({
    groupId,
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  }));
  const request: OffsetFetchGroupsRequest = { groups };
  const reply = await cluster.request<OffsetFetchGroupsReply>(node, 'OffsetFetchGroups', request, deadline);
  const found = new Map<string, Got<CommittedOf>>();
  for (const group of reply.groups) found.set(group.groupId, toCommitted(group));
  for (const group of wanted.keys())
    if (!found.has(group))
      found.set(
        group,
        new ReadFailure('OffsetsIncomplete', `the offsets of ${group} are missing in the answer`),
      );
  return found;
}

interface AskedGroup {
  readonly node: number;
  readonly group: string;
  readonly topics: Wanted;
  readonly deadline: Deadline;
}

async function fetchOne(
  cluster: Cluster,
  { node, group, topics: wanted, deadline }: AskedGroup,
): Promise<Got<CommittedOf>> {
  const topics = [...wanted].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map((partition) => ({ partition })),
  }));
  const options = { groupId: group, topics };
  const reply = await cluster.request<OffsetFetchReply>(node, 'OffsetFetch', options, deadline);
  const fetched = reply.responses.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((one) => ({ ...one, offset: Number(one.offset) })),
  }));
  return toCommitted({ groupId: group, topics: fetched, errorCode: reply.errorCode });
}

function toCommitted({ groupId, topics, errorCode }: FetchedGroup): Got<CommittedOf> {
  if (errorCode !== 0) return failureOf(errorCode, `the group ${groupId}`);
  const committed = new ByPartition<Got<Committed>>();
  for (const { topic, partitions } of topics)
    for (const one of partitions) committed.set(topic, one.partition, toOffset(groupId, topic, one));
  return committed;
}

function toOffset(
  group: string,
  topic: string,
  { partition, offset, metadata, errorCode }: FetchedOffset,
): Got<Committed> {
  if (errorCode !== 0)
    return failureOf(errorCode, `the offset of the group ${group} on ${topic}/${partition}`);
  return { offset: offset === -1 ? undefined : offset, load: decodeCommitMetadata(metadata) };
}
