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

/** The members that have partitions; where it is not known which, all of them as one. */
export function membersOf({
  group: { members },
  partitions,
  positions,
  lags,
  settled,
  lag,
}: Look): MemberLook[] {
  if (members.some(({ assigned }) => assigned === undefined)) {
    const replicas = Math.min(members.length, partitions.length);
    return [{ id: '', settled, lag, allWait: lags.every((each) => each > 0), replicas }];
  }
  const indexOf = new Map(partitions.map(({ topic, partition }, index) => [`${topic}/${partition}`, index]));
  return members.flatMap(({ id, assigned = [] }) => {
    const own = assigned.flatMap(({ topic, partition }) => indexOf.get(`${topic}/${partition}`) ?? []);
    if (own.length === 0) return [];
    const total = (values: readonly number[]): number => sum(own.map((index) => values[index] ?? 0));
    const allWait = own.every((index) => (lags[index] ?? 0) > 0);
    return [{ id, settled: total(positions), lag: total(lags), allWait, replicas: 1 }];
  });
}
