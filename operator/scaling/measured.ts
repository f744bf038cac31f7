import { settledBy } from './need.ts';
import { coldStartSeconds } from './operation.ts';
import { rebalanceSeconds } from './rebalances.ts';
import type { Situation } from './situation.ts';
import type { Measured } from './types.ts';

/** The figures of a look, for status, metrics and `explain`. */
export function measuredOf(situation: Situation): Measured {
  const { known, memory } = situation;
  return {
    lagRecords: known?.look.lag,
    ageSeconds: known?.age,
    arrivalPerSecond: known?.arrival.perSecond,
    plannedPerSecond: known?.plan.ahead,
    capacityPerReplica: known?.capacity?.perReplica,
    capacitySource: known?.capacity?.source,
    utilization: utilizationOf(situation),
    coldStartSeconds: coldStartSeconds(memory.operation),
    rebalanceSeconds: rebalanceSeconds(memory.rebalances),
    rebalances: memory.rebalances.count,
    partitions: known?.look.partitions.length ?? 0,
  };
}

/** Arrivals / capacity of the replicas that are ready. */
function utilizationOf({ known, replicas }: Situation): number | undefined {
  if (known?.sized === undefined) return undefined;
  const capacity = settledBy(replicas.ready, known.sized.demand);
  return capacity > 0 ? known.arrival.perSecond / capacity : undefined;
}
