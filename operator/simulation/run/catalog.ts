import { BASELINES } from '../controllers/baselines.ts';
import type { ControllerKind } from '../controllers/controller.ts';
import { sluice } from '../controllers/sluice.ts';
import type { Environment, Scenario } from '../model/scenario.ts';
import { MEASURED, MEASURED_FULL, OWN_STAGES, SLOW } from '../traces/environments.ts';
import { evaluationScenarios } from '../traces/evaluation.ts';
import { measuredScenarios } from '../traces/measured.ts';

export const OURS = sluice('load');
export const OURS_OFFSETS = sluice('offsets');
export const OURS_PLAIN = sluice('plain');

/** Every controller, ours first. */
export const CONTROLLERS: readonly ControllerKind[] = [OURS, OURS_OFFSETS, OURS_PLAIN, ...BASELINES];

export const ENVIRONMENTS: readonly Environment[] = [OWN_STAGES, SLOW, MEASURED, MEASURED_FULL];

/** Every trace in an environment. */
export function scenariosIn(environment: Environment): readonly Scenario[] {
  return [...measuredScenarios(environment), ...evaluationScenarios(environment)];
}

/** @throws Error when there is none of this name */
export function named<Item extends { readonly name: string }>(items: readonly Item[], name: string): Item {
  const found = items.find((item) => item.name === name);
  if (!found) throw new Error(`There is no ${name}, only ${items.map((item) => item.name).join(', ')}.`);
  return found;
}
