import type { Learned } from '../scaling/state.ts';
import { restoreState } from '../scaling/decide.ts';
import type { Declaration } from './declaration.ts';

/** What earlier runs have learned, out of the status of all StageScalers. */
export function stateFromStatus(declarations: Iterable<Declaration>): ReturnType<typeof restoreState> {
  const learned: Record<string, Learned> = {};
  for (const { key, status } of declarations) if (status.learned) learned[key] = status.learned;
  return restoreState(learned);
}
