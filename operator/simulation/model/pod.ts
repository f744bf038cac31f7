import type { ReplicaLoad } from '../../scaling/types.ts';
import type { Turn } from './turns.ts';

/** One replica: starting until `readyAt`, then a member of its group until it leaves. */
export interface Pod {
  readonly id: string;
  /** kafkajs hands partitions out to members in the order of their ids, which are random. */
  readonly order: number;
  readonly readyAt: number;
  nextCommitAt: number;
  joined: boolean;
  assigned: readonly number[];
  busySeconds: number;
  settled: number;
  /** Fraction of its capacity in use during the last step. */
  utilization: number;
  /** Of a client that takes its partitions in turn. */
  turn: Turn;
  /** What its last commit said; changes with each. */
  readonly report: Report;
}

type Report = { -readonly [Field in keyof ReplicaLoad]: ReplicaLoad[Field] };

/**
 * kafkajs' RoundRobinAssigner: members sorted by id, partitions dealt out like cards. So of n members each gets
 * floor(P/n) or ceil(P/n) partitions.
 */
export function assignRoundRobin(members: readonly Pod[], partitions: number): void {
  const sorted = members.toSorted((a, b) => a.order - b.order);
  for (const [index, member] of sorted.entries()) {
    const assigned: number[] = [];
    for (let partition = index; partition < partitions; partition += sorted.length) assigned.push(partition);
    member.assigned = assigned;
  }
}
