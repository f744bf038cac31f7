import { evenReplicas, candidateReplicas } from '../levels.ts';
import { PROFILES, SETTINGS } from '../settings.ts';
import { number, seconds } from '../words.ts';
import type { Rule } from './rule.ts';

const HOPE = 1.25;

/**
 * While it is not known what a replica can do: it can do what it was once seen to do. When more than that certainly
 * arrives, and what waits would be old at that pace, so many are ordered as take what arrives at it. If the load lasts
 * that is not too much: with W records written and n settled since the last look, of which the same part came and went
 * before the load had risen, at least W / n times as many are needed.
 */
export const firstOrder: Rule = ({ known, replicas, memory, spec }) => {
  if (known === undefined || known.capacity !== undefined) return undefined;
  const { operation, serviceRate } = memory;
  if (serviceRate.most === 0) return undefined;
  const { upper } = PROFILES[spec.profile];
  const partitions = known.look.partitions.length;
  const settles = (count: number): number => serviceRate.most * evenReplicas(partitions, count);
  const present = settles(Math.min(replicas.ready, replicas.desired));
  const waits = known.backlog / present;
  if (known.plan.soon <= upper * present || waits <= SETTINGS.harmlessShare * spec.maxAgeSeconds)
    return undefined;
  // A second guess before what the first brought is seen: less is better then, more can follow.
  const isFirst = operation.underway === undefined;
  const arrive = isFirst ? known.plan.sizing : known.plan.sizing / HOPE;
  const candidates = candidateReplicas(partitions, spec.minReplicas, spec.maxReplicas);
  const needed = candidates.find((count) => arrive <= upper * settles(count)) ?? candidates.at(-1) ?? 0;
  const least = isFirst ? 1 : SETTINGS.reorderFactor * replicas.desired;
  if (needed <= replicas.desired || needed < least) return undefined;
  return {
    replicas: needed,
    reason: 'CapacityUnknown',
    message:
      `${number(known.look.lag)} records wait, for ${seconds(waits)} at the most that a replica was seen to settle, ` +
      `${number(serviceRate.most)}/s; at that ${number(arrive)}/s need ${needed}`,
  };
};
