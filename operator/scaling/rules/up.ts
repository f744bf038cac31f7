import { type Need, settledBy, tooFull, tooSlow } from '../need.ts';
import { SETTINGS } from '../settings.ts';
import type { Knowledge, Situation } from '../situation.ts';
import type { Sized } from '../sizing.ts';
import type { Reason } from '../types.ts';
import { count, number } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/**
 * More replicas, when those there certainly do not do, to the least that do with room to spare. One change at a
 * time: while replicas are starting, the order changes only when it is certainly too small for what arrives, or the
 * need has become much higher; and while it has not been seen what the last ones brought, only for what arrives. What a
 * replica can is read from lumps where it is not told, so an order by that is refined as it is known better.
 */
export const moreReplicas: Rule = (situation) => {
  const { replicas, known } = situation;
  const sized = known?.sized;
  if (sized === undefined || sized.need.replicas <= replicas.desired) return undefined;
  const shortage = shortageOf(sized, replicas.desired);
  if (shortage === undefined) return undefined;
  const arrives = shortage.steady && known?.plan.because === 'arrivals';
  const wait = waitingFor(situation, sized.need, { steady: shortage.steady, arrives });
  if (wait !== undefined) return hold(situation, 'ReplicasStarting', wait);
  return {
    replicas: sized.need.replicas,
    reason: reasonOf(known, shortage.steady),
    message: `${arithmetic(situation)}; with ${count(replicas.desired, 'replica')} ${shortage.why}`,
  };
};

interface Shortage {
  /** Load alone is too much, backlog aside. */
  readonly steady: boolean;
  readonly why: string;
}

/** Why the present replicas certainly do not do; undefined: they may. */
export function shortageOf({ certain }: Sized, replicas: number): Shortage | undefined {
  const steady = tooFull(replicas, certain);
  if (steady !== undefined) return { steady: true, why: steady };
  const why = tooSlow(replicas, certain, certain.backlogIfKept);
  return why === undefined ? undefined : { steady: false, why };
}

function waitingFor(
  { memory, replicas, known }: Situation,
  need: Need,
  { steady, arrives }: { steady: boolean; arrives: boolean },
): string | undefined {
  const { underway } = memory.operation;
  const much = need.replicas >= SETTINGS.reorderFactor * replicas.desired;
  const isRefined = (known?.capacity?.deviation ?? 0) > 0;
  if (underway !== undefined && !much && !arrives && !isRefined) {
    return `${need.replicas} are needed; the change from ${underway.from} to ${underway.to} is under way`;
  }
  const { trial } = memory.bottleneck;
  if (trial !== undefined && underway === undefined && !steady) {
    return `${need.replicas} are needed; what the change from ${trial.from} to ${trial.to} brought is being measured`;
  }
  return undefined;
}

function reasonOf(known: Knowledge | undefined, steady: boolean): Reason {
  if (!steady) return 'BacklogTooOld';
  if (known?.plan.because === 'ramp') return 'RampAhead';
  return known?.plan.because === 'upstream' ? 'UpstreamLoad' : 'LoadAboveCapacity';
}

const SOURCES = { arrivals: 'arrive', ramp: 'are coming on a ramp', upstream: 'are coming from upstream' };

/** e.g. "600/s arrive, 40/s per replica at 80 % need 19; 24 is the next even split of 24 partitions". */
export function arithmetic({ known }: Situation): string {
  if (known?.sized === undefined) return 'the capacity of a replica is not known yet';
  const { demand, need } = known.sized;
  const { plannedPerSecond, capacityPerReplica, utilization, partitions } = demand;
  const { ahead, because } = known.plan;
  const likely = number(plannedPerSecond) === number(ahead) ? '' : ` (${number(plannedPerSecond)}/s or more)`;
  const steady = plannedPerSecond / (capacityPerReplica * utilization);
  const enough = settledBy(need.replicas, demand) >= steady * capacityPerReplica;
  const split = enough ? 'the next even split' : 'the most allowed';
  return (
    `${number(ahead)}/s ${SOURCES[because]}${likely}, ${number(capacityPerReplica)}/s per replica at ` +
    `${number(100 * utilization)} % need ${number(steady)}; ${need.replicas} is ${split} of ${count(partitions, 'partition')}`
  );
}
