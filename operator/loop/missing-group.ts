import type { LagReading, ReplicaReading, UnknownLag } from '../scaling/types.ts';
import { count } from '../scaling/words.ts';
import type { LagRequest } from './ports.ts';

/**
 * Replicas are up, and nobody is in their group, nor has ever committed in it: it is another group than theirs, or they
 * do not consume. What their lag is cannot be known then; by such a group it would be nothing, or the whole topic.
 * Undefined: the group is there, or there is nobody yet who could have made it.
 */
export function missingGroup(
  lag: LagReading,
  { consumerGroup, connection }: LagRequest,
  { ready }: ReplicaReading,
): UnknownLag | undefined {
  if (ready === 0 || lag.kind === 'unknown' || lag.group.state !== 'Dead') return undefined;
  if (lag.partitions.some(({ committed }) => committed !== undefined)) return undefined;
  return {
    kind: 'unknown',
    reason: 'GroupMissing',
    message:
      `the group ${consumerGroup} does not exist at the connection "${connection}", although ${count(ready, 'replica')} ` +
      'could have joined it: correct spec.kafka.consumerGroup if they use another one; else they do not consume yet',
  };
}
