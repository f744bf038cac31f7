import type { GroupReading, GroupState, MemberReading } from '../../scaling/types.ts';
import type { Committed } from '../assemble.ts';
import { decodeCommitMetadata } from '../commit-metadata.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure } from '../failure.ts';
import type { Cluster } from './cluster.ts';
import { failureOf } from './cluster.ts';
import type { ConsumerGroupDescribeReply } from './consumer-group-describe.ts';
import { internals } from './internals.ts';
import type { DescribeGroupsReply, OffsetFetchReply } from './replies.ts';

/** By group. */
export interface GroupFindings {
  readonly states: ReadonlyMap<string, Got<GroupReading>>;
  /** By topic, then partition. */
  readonly committed: ReadonlyMap<string, Got<ReadonlyMap<string, ReadonlyMap<number, Got<Committed>>>>>;
}

type CommittedOf = ReadonlyMap<string, ReadonlyMap<number, Got<Committed>>>;

/** What is asked of one group: the partitions by topic. */
export type Wanted = ReadonlyMap<string, readonly number[]>;

/** Committed offsets of each group (one request each), and state and members (one request per coordinator). */
export async function readGroups(
  cluster: Cluster,
  wanted: ReadonlyMap<string, Wanted>,
  deadline: Deadline,
): Promise<GroupFindings> {
  const committed = new Map<string, Got<CommittedOf>>();
  const states = new Map<string, Got<GroupReading>>();
  const byCoordinator = new Map<number, string[]>();
  const failed = (group: string, error: unknown): void => {
    const failure = asFailure(error);
    // Whoever keeps the group's offsets now may be another.
    if (failure.stale) cluster.forgetCoordinator(group);
    committed.set(group, failure);
    states.set(group, failure);
  };
  await Promise.all(
    [...wanted.keys()].map(async (group) => {
      try {
        const node = await cluster.coordinator(group, deadline);
        byCoordinator.set(node, [...(byCoordinator.get(node) ?? []), group]);
      } catch (error) {
        failed(group, error);
      }
    }),
  );
  await Promise.all(
    [...byCoordinator].flatMap(([node, groups]) => [
      ...groups.map(async (group) => {
        try {
          committed.set(group, await fetchCommitted(cluster, { node, group, deadline }, wanted.get(group)!));
        } catch (error) {
          failed(group, error);
        }
      }),
      describe(cluster, { node, groups, deadline }).then(
        (found) => found.forEach((state, group) => states.set(group, state)),
        (error: unknown) => groups.forEach((group) => states.set(group, asFailure(error))),
      ),
    ]),
  );
  await describeNewProtocol(cluster, { byCoordinator, states, committed }, deadline);
  return { states, committed };
}

interface Read {
  readonly byCoordinator: ReadonlyMap<number, readonly string[]>;
  readonly states: Map<string, Got<GroupReading>>;
  readonly committed: ReadonlyMap<string, Got<CommittedOf>>;
}

/**
 * A group that is dead and has commits is one of the new consumer protocol (KIP-848): DescribeGroups does not know
 * those. Where the broker does not answer to that either, the group stays as it was read.
 */
async function describeNewProtocol(
  cluster: Cluster,
  { byCoordinator, states, committed }: Read,
  deadline: Deadline,
): Promise<void> {
  await Promise.all(
    [...byCoordinator].map(async ([node, all]) => {
      const groupIds = all.filter((group) => isDead(states.get(group)) && hasCommits(committed.get(group)));
      if (groupIds.length === 0) return;
      const reply = await cluster
        .request<ConsumerGroupDescribeReply>(node, 'ConsumerGroupDescribe', { groupIds }, deadline)
        .catch(() => undefined);
      for (const group of reply?.groups ?? [])
        if (group.errorCode === 0) states.set(group.groupId, toNewGroup(group));
    }),
  );
}

function isDead(state: Got<GroupReading> | undefined): boolean {
  return state !== undefined && !(state instanceof ReadFailure) && state.state === 'Dead';
}

function hasCommits(committed: Got<CommittedOf> | undefined): boolean {
  if (committed === undefined || committed instanceof ReadFailure) return false;
  return [...committed.values()].some((partitions) =>
    [...partitions.values()].some((one) => !(one instanceof ReadFailure) && one.offset !== undefined),
  );
}

function toNewGroup({ state, members }: ConsumerGroupDescribeReply['groups'][number]): GroupReading {
  return {
    state: toState(state),
    members: members.map(({ memberId, assignment }) => ({
      id: memberId,
      assigned: assignment.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  };
}

interface AskedGroup {
  readonly node: number;
  readonly group: string;
  readonly deadline: Deadline;
}

async function fetchCommitted(
  cluster: Cluster,
  { node, group, deadline }: AskedGroup,
  wanted: Wanted,
): Promise<CommittedOf> {
  const topics = [...wanted].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map((partition) => ({ partition })),
  }));
  const reply = await cluster.request<OffsetFetchReply>(
    node,
    'OffsetFetch',
    { groupId: group, topics },
    deadline,
  );
  if (reply.errorCode !== 0) throw failureOf(reply.errorCode, `the offsets of ${group}`);
  return new Map(
    reply.responses.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions.map(({ partition, offset, metadata, errorCode }) => [
          partition,
          errorCode === 0
            ? {
                offset: offset === '-1' ? undefined : Number(offset),
                load: decodeCommitMetadata(metadata),
              }
            : failureOf(errorCode, `the offset of ${group} on ${topic}/${partition}`),
        ]),
      ),
    ]),
  );
}

interface AskedGroups {
  readonly node: number;
  readonly groups: readonly string[];
  readonly deadline: Deadline;
}

async function describe(
  cluster: Cluster,
  { node, groups, deadline }: AskedGroups,
): Promise<Map<string, Got<GroupReading>>> {
  const reply = await cluster.request<DescribeGroupsReply>(
    node,
    'DescribeGroups',
    { groupIds: groups },
    deadline,
  );
  const found = new Map<string, Got<GroupReading>>();
  for (const group of groups) found.set(group, new ReadFailure('GroupMissing', `${group} was not described`));
  for (const group of reply.groups)
    found.set(
      group.groupId,
      group.errorCode === 0 ? toGroup(group) : failureOf(group.errorCode, `the group ${group.groupId}`),
    );
  return found;
}

const STATES: readonly string[] = [
  'Stable',
  'Empty',
  'Dead',
  'PreparingRebalance',
  'CompletingRebalance',
  'Assigning',
  'Reconciling',
] satisfies readonly GroupState[];

/** A state that is not known is taken for a change under way: then nothing is done. */
const toState = (state: string): GroupState =>
  STATES.includes(state) ? (state as GroupState) : 'PreparingRebalance';

function toGroup({ state, members }: DescribeGroupsReply['groups'][number]): GroupReading {
  return {
    state: toState(state),
    members: members.map(({ memberId, memberAssignment }) => toMember(memberId, memberAssignment)),
  };
}

/** https://kafka.apache.org/protocol: ConsumerProtocolAssignment. Empty while the group rebalances. */
function toMember(id: string, bytes: Buffer): MemberReading {
  try {
    const decoded = internals.MemberAssignment.decode(bytes);
    if (!decoded) return { id, assigned: undefined };
    const assigned = Object.entries(decoded.assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    return { id, assigned };
  } catch {
    return { id, assigned: undefined };
  }
}

function asFailure(error: unknown): ReadFailure {
  if (error instanceof ReadFailure) return error;
  throw error;
}
