import type { LagRequest } from '../loop/ports.ts';
import type { GroupReading, KnownLag, PartitionReading, ReplicaLoad } from '../scaling/types.ts';
import type { Got } from './failure.ts';
import { ReadFailure } from './failure.ts';

export interface Committed {
  /** Undefined: never. */
  readonly offset: number | undefined;
  readonly load: ReplicaLoad | undefined;
}

/** All that one pass has found out, or why not. */
export interface Findings {
  /** Partitions of a topic. */
  readonly partitions: (topic: string) => Got<readonly number[]>;
  readonly group: (group: string) => Got<GroupReading>;
  readonly committed: (group: string, topic: string, partition: number) => Got<Committed>;
  readonly begin: (topic: string, partition: number) => Got<number>;
  readonly end: (topic: string, partition: number) => Got<number>;
}

/** The first failure that a scaler's reading meets; all of its partitions otherwise, never some of them. */
export function assemble(request: LagRequest, findings: Findings): Got<KnownLag> {
  const group = findings.group(request.consumerGroup);
  const partitions: PartitionReading[] = [];
  for (const topic of request.topics) {
    const numbers = findings.partitions(topic);
    if (numbers instanceof ReadFailure) return numbers;
    for (const partition of numbers) {
      const reading = assemblePartition(request.consumerGroup, topic, partition, findings);
      if (reading instanceof ReadFailure) return reading;
      partitions.push(reading);
    }
  }
  if (group instanceof ReadFailure) return group;
  return { kind: 'known', group, partitions };
}

function assemblePartition(
  group: string,
  topic: string,
  partition: number,
  findings: Findings,
): Got<PartitionReading> {
  const end = findings.end(topic, partition);
  if (end instanceof ReadFailure) return end;
  const committed = findings.committed(group, topic, partition);
  if (committed instanceof ReadFailure) return committed;
  const begin = findings.begin(topic, partition);
  if (begin instanceof ReadFailure) return begin;
  return { topic, partition, begin, end, committed: committed.offset, load: committed.load };
}
