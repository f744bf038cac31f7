import { evenReplicas } from '../levels.ts';
import { testReplicas } from '../need.ts';
import { SETTINGS } from '../settings.ts';
import type { Situation } from '../situation.ts';
import { count, number } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/** More replicas, when those there are certainly do not do, to the least that do with room to spare. */
export const moreReplicas: Rule = (situation) => {
  const { replicas, known } = situation;
  const { certainDemand, need } = known ?? {};
  if (certainDemand === undefined || need === undefined) return undefined;
  const why = testReplicas(replicas.desired, certainDemand, certainDemand.backlogIfKept);
  if (why === undefined || need.replicas <= replicas.desired) return undefined;
  const { underway } = situation.memory.operation;
  if (underway !== undefined && need.replicas < SETTINGS.reorderFactor * replicas.desired) {
    return hold(
      situation,
      'ReplicasStarting',
      `${need.replicas} are needed, the change to ${underway.to} is under way`,
    );
  }
  const steady = testReplicas(replicas.desired, certainDemand, 0) !== undefined;
  return {
    replicas: need.replicas,
    reason: steady ? 'LoadAboveCapacity' : 'BacklogTooOld',
    message: `${arithmetic(situation)}; ${why}`,
  };
};

/** e.g. "300/s arrive, 40/s per replica at 95 % need 7.9; 8 is the next even split of 24 partitions". */
export function arithmetic({ known }: Situation): string {
  const { demand, need } = known ?? {};
  if (demand === undefined || need === undefined) return 'the capacity of a replica is not known yet';
  const { plannedPerSecond, capacityPerReplica, utilization, partitions } = demand;
  const steady = plannedPerSecond / (capacityPerReplica * utilization);
  const split =
    evenReplicas(partitions, need.replicas) >= steady ? 'the next even split' : 'the most allowed';
  return (
    `${number(plannedPerSecond)}/s arrive, ${number(capacityPerReplica)}/s per replica at ` +
    `${number(100 * utilization)} % need ${number(steady)}; ${need.replicas} is ${split} of ${count(partitions, 'partition')}`
  );
}
