import { type Look, sum } from './look.ts';

/** What one look shows of one member of the group. */
export interface MemberLook {
  readonly id: string;
  /** Sums over its partitions. */
  readonly settled: number;
  readonly lag: number;
  /** Something waits in all of its partitions. */
  readonly allWait: boolean;
  /** How many it stands for. */
  readonly replicas: number;
}

/** Indices of the partitions that each member has, in the order of members; undefined: not known of all of them. */
export function ownPartitions({
  group: { members },
  partitions,
}: Pick<Look, 'group' | 'partitions'>): readonly (readonly number[])[] | undefined {
  if (members.some(({ assigned }) => assigned === undefined)) return undefined;
  const indexOf = new Map(partitions.map(({ topic, partition }, index) => [`${topic}/${partition}`, index]));
  return members.map(({ assigned = [] }) =>
    assigned.flatMap(({ topic, partition }) => indexOf.get(`${topic}/${partition}`) ?? []),
  );
}

/** The members that have partitions; where it is not known which, all of them as one. */
export function membersOf(look: Look): MemberLook[] {
  const { positions, lags, settled, lag, partitions } = look;
  const { members } = look.group;
  const owned = ownPartitions(look);
  if (owned === undefined) {
    const replicas = Math.min(members.length, partitions.length);
    return [{ id: '', settled, lag, allWait: lags.every((each) => each > 0), replicas }];
  }
  return members.flatMap(({ id }, member) => {
    const own = owned[member] ?? [];
    if (own.length === 0) return [];
    const total = (values: readonly number[]): number => sum(own.map((index) => values[index] ?? 0));
    const allWait = own.every((index) => (lags[index] ?? 0) > 0);
    return [{ id, settled: total(positions), lag: total(lags), allWait, replicas: 1 }];
  });
}
