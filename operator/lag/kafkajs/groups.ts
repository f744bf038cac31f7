import type { GroupReading, GroupState, MemberReading } from '../../scaling/types.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure, asFailure } from '../failure.ts';
import type { Cluster } from './cluster.ts';
import type { CommittedOf, Wanted } from './committed-offsets.ts';
import { fetchCommitted } from './committed-offsets.ts';
import type { ConsumerGroupDescribeReply } from './consumer-group-describe.ts';
import { internals } from './internals.ts';
import { failureOf } from './protocol-failure.ts';
import type { DescribeGroupsReply } from './replies.ts';

/** By group. */
export interface GroupFindings {
  readonly states: ReadonlyMap<string, Got<GroupReading>>;
  readonly committed: ReadonlyMap<string, Got<CommittedOf>>;
}

/** Committed offsets, states and members of all groups: two requests per coordinator. */
export async function readGroups(
  cluster: Cluster,
  wanted: ReadonlyMap<string, Wanted>,
  deadline: Deadline,
): Promise<GroupFindings> {
  const committed = new Map<string, Got<CommittedOf>>();
  const states = new Map<string, Got<GroupReading>>();
  const byCoordinator = new Map<number, string[]>();
  for (const [group, node] of await cluster.coordinatorsOf([...wanted.keys()], deadline)) {
    const others = node instanceof ReadFailure ? undefined : byCoordinator.get(node);
    if (node instanceof ReadFailure) committed.set(group, node);
    else if (others) others.push(group);
    else byCoordinator.set(node, [group]);
  }
  await Promise.all(
    [...byCoordinator].flatMap(([node, groups]) => [
      fetchCommitted(cluster, { node, wanted: only(wanted, groups), deadline }).then((offsets) =>
        offsets.forEach((got, group) => committed.set(group, got)),
      ),
      describe(cluster, { node, groups, deadline }).then(
        (described) => described.forEach((state, group) => states.set(group, state)),
        (error: unknown) => groups.forEach((group) => states.set(group, asFailure(error))),
      ),
    ]),
  );
  for (const [group, got] of committed) if (got instanceof ReadFailure) states.set(group, got);
  for (const [group, got] of states)
    // Whoever keeps the group now may be another.
    if (got instanceof ReadFailure && got.stale) cluster.forgetCoordinator(group);
  await describeNewProtocol(cluster, { byCoordinator, states }, deadline);
  return { states, committed };
}

function only(wanted: ReadonlyMap<string, Wanted>, groups: readonly string[]): ReadonlyMap<string, Wanted> {
  return new Map(groups.map((group) => [group, wanted.get(group)!]));
}

interface Read {
  readonly byCoordinator: ReadonlyMap<number, readonly string[]>;
  readonly states: Map<string, Got<GroupReading>>;
}

/**
 * A group that is dead may be one of the new consumer protocol (KIP-848): DescribeGroups does not know those. Where the
 * broker knows no such groups, or does not answer, it stays as it was read.
 */
async function describeNewProtocol(
  cluster: Cluster,
  { byCoordinator, states }: Read,
  deadline: Deadline,
): Promise<void> {
  await Promise.all(
    [...byCoordinator].map(async ([node, all]) => {
      const groupIds = all.filter((group) => isDead(states.get(group)));
      if (groupIds.length === 0) return;
      const isKnown = await cluster.supports(node, 'ConsumerGroupDescribe', deadline).catch(() => false);
      if (!isKnown) return;
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
  for (const group of reply.groups)
    found.set(
      group.groupId,
      group.errorCode === 0 ? toGroup(group) : failureOf(group.errorCode, `the group ${group.groupId}`),
    );
  for (const group of groups)
    if (!found.has(group)) found.set(group, new ReadFailure('GroupMissing', `${group} was not described`));
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
