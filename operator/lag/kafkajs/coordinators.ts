import type { Address } from '../connection.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure } from '../failure.ts';
import type { BrokerLink } from './broker-link.ts';
import type { FindCoordinatorsReply, FindCoordinatorsRequest } from './find-coordinators.ts';
import { failureOf } from './protocol-failure.ts';
import type { CoordinatorReply } from './replies.ts';

export interface Coordinator {
  readonly nodeId: number;
  readonly address: Address;
}

const GROUP = 0;

/**
 * Who keeps the offsets of each group: by one request, or, where the broker is older than Kafka 3.0, one for each.
 * @throws ReadFailure when the broker does not answer; what it says of a group is that group's own
 */
export async function coordinatorsOf(
  link: BrokerLink,
  groups: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, Got<Coordinator>>> {
  if (!(await link.supports('FindCoordinators', deadline))) {
    const each = groups.map(async (group) => [group, await coordinatorOf(link, group, deadline)] as const);
    return new Map(await Promise.all(each));
  }
  const request: FindCoordinatorsRequest = { groupIds: groups };
  const reply = await link.request<FindCoordinatorsReply>('FindCoordinators', request, deadline);
  const answered = new Map(reply.coordinators.map((one) => [one.groupId, one]));
  return new Map(groups.map((group) => [group, toCoordinator(group, answered.get(group))]));
}

async function coordinatorOf(
  link: BrokerLink,
  groupId: string,
  deadline: Deadline,
): Promise<Got<Coordinator>> {
  const options = { groupId, coordinatorType: GROUP };
  const { errorCode, coordinator } = await link.request<CoordinatorReply>(
    'FindCoordinator',
    options,
    deadline,
  );
  return toCoordinator(groupId, { errorCode, ...coordinator });
}

function toCoordinator(
  group: string,
  answer: { errorCode: number; nodeId: number; host: string; port: number } | undefined,
): Got<Coordinator> {
  if (answer === undefined)
    return new ReadFailure('OffsetsIncomplete', `the coordinator of ${group} is missing in the answer`);
  const { errorCode, nodeId, host, port } = answer;
  if (errorCode !== 0) return failureOf(errorCode, `the group ${group}`);
  return { nodeId, address: { host, port } };
}
