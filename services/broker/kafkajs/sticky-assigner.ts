import type { PartitionAssigner } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { Owned } from '../sticky-assignment.ts';
import { assignSticky } from '../sticky-assignment.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const NAME = 'SluiceStickyAssigner';
const VERSION = 0;
const NOTHING: Owned = {};

/**
 * `assignSticky` as an assigner of kafkajs. Each member tells what it has in the user data of its subscription, in the
 * format of an assignment; the leader deals.
 * @param owned what this member had before the group was joined again
 */
export function stickyAssigner(owned: () => Owned): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: encode(owned()) }),
    }),
    assign: ({ members, topics }) => {
      const group = members.map(({ memberId, memberMetadata }) => ({
        id: memberId,
        owned: ownedBy(memberMetadata),
      }));
      const partitions = topics.map((topic) => {
        const ids = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        return [topic, ids.toSorted((a, b) => a - b)] as const;
      });
      const assigned = [...assignSticky(group, new Map(partitions))];
      return Promise.resolve(
        assigned.map(([memberId, assignment]) => ({ memberId, memberAssignment: encode(assignment) })),
      );
    },
  });
}

function encode(assignment: Owned): Buffer {
  const copy = Object.fromEntries(Object.entries(assignment).map(([topic, ids]) => [topic, [...ids]]));
  return MemberAssignment.encode({ version: VERSION, assignment: copy, userData: Buffer.alloc(0) });
}

/** What cannot be read, as from another version, is nothing: it only moves more than it must. */
function ownedBy(memberMetadata: Buffer): Owned {
  try {
    const userData = MemberMetadata.decode(memberMetadata)?.userData;
    return (userData && MemberAssignment.decode(userData)?.assignment) ?? NOTHING;
  } catch {
    return NOTHING;
  }
}
