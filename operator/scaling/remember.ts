import { withAge } from './age.ts';
import { withNeeds } from './need-history.ts';
import { withDecision } from './operation.ts';
import { regretted } from './regret.ts';
import type { Ruling } from './rules/rule.ts';
import { SETTINGS } from './settings.ts';
import type { Situation } from './situation.ts';
import type { ScalerState } from './state.ts';

/** What is remembered of a look once it has been decided. */
export function remember(situation: Situation, ruling: Ruling): ScalerState {
  const { memory, known, at, replicas, profile } = situation;
  const { operation } = memory;
  const { desired } = replicas;
  const needs = known?.sized?.needs ?? { whole: desired, load: desired, comfort: desired };
  const raised = ruling.replicas > replicas.desired && ruling.replicas !== operation.decided;
  const soon = at - (operation.lastDownAt ?? Number.NEGATIVE_INFINITY) < Math.max(300, profile.window);
  const regrets = raised && soon && REGRETTABLE.has(ruling.reason);
  return {
    ...memory,
    needs: known === undefined ? memory.needs : withNeeds(memory.needs, at, needs, SETTINGS.needSpan),
    ages: withAge(memory.ages, at, known?.age),
    operation: withDecision(operation, ruling.replicas, at),
    regret: regrets ? regretted(memory.regret, at) : memory.regret,
  };
}

/** Scale-ups that would have been spared if replicas had not been taken away. */
const REGRETTABLE: ReadonlySet<string> = new Set([
  'LoadAboveCapacity',
  'BacklogTooOld',
  'RampAhead',
  'UpstreamLoad',
]);
