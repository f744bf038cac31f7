import { hold, type Rule } from './rule.ts';
import { arithmetic, shortageOf } from './up.ts';

/** More would be needed than are allowed, or than the partitions can employ. */
export const limited: Rule = (situation) => {
  const { known, replicas, spec } = situation;
  const sized = known?.sized;
  if (sized === undefined || !sized.need.limited || sized.need.replicas > replicas.desired) return undefined;
  if (shortageOf(sized, replicas.desired) === undefined) return undefined;
  const partitions = known?.look.partitions.length ?? 0;
  const limit =
    replicas.desired >= partitions ? 'there are no more partitions' : `maxReplicas is ${spec.maxReplicas}`;
  return hold(situation, 'Limited', `${arithmetic(situation)}, and ${limit}`);
};
