import { testReplicas } from './need.ts';
import { patience } from './rules/down.ts';
import type { Ruling } from './rules/rule.ts';
import type { Situation } from './situation.ts';
import type { Alternative } from './types.ts';

/** Every count that was considered, why it was not taken, and the one that was. */
export function alternativesOf(situation: Situation, { replicas, message }: Ruling): readonly Alternative[] {
  const sized = situation.known?.sized;
  const considered = sized?.need.alternatives ?? [];
  const others = considered.filter((alternative) => alternative.replicas !== replicas);
  const chosen: Alternative = { replicas, verdict: 'chosen', why: message };
  const rest = others.map((alternative): Alternative => {
    if (alternative.verdict === 'rejected' || sized === undefined) return alternative;
    return { ...alternative, verdict: 'rejected', why: whyNot(situation, alternative.replicas) };
  });
  return [...rest, chosen].sort((a, b) => a.replicas - b.replicas);
}

/** Why a count that would do was not taken. */
function whyNot(situation: Situation, replicas: number): string {
  const sized = situation.known?.sized;
  if (replicas > situation.replicas.desired)
    return 'those there may do, so there is no reason to stop the group';
  const why = sized && testReplicas(replicas, sized.lasting, sized.lasting.backlogIfChanged);
  return why ?? patience(situation, replicas);
}
