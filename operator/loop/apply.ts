import type { Decision, ScalerObservation } from '../scaling/types.ts';
import type { Gathered } from './gather.ts';
import type { ManagedScaler, Outcome } from './ports.ts';

/** Whether this process may still write: asked immediately before every change. */
export type Fence = () => boolean;

/** Sets what was decided, on all targets at the same time; says of each decision what became of it. */
export async function apply(
  { observation, scalers }: Gathered,
  decisions: readonly Decision[],
  fence: Fence,
): Promise<Outcome[]> {
  const observed = new Map(observation.scalers.map((one) => [one.spec.name, one]));
  const outcomes = decisions.map(async (decision): Promise<Outcome | undefined> => {
    const scaler = scalers.get(decision.scaler);
    const seen = observed.get(decision.scaler);
    if (!scaler || !seen) return undefined;
    return { scaler, observation: seen, decision, ...(await applyOne(scaler, seen, decision, fence)) };
  });
  return (await Promise.all(outcomes)).filter((outcome) => outcome !== undefined);
}

async function applyOne(
  { mode, target }: ManagedScaler,
  { replicas }: ScalerObservation,
  decision: Decision,
  fence: Fence,
): Promise<Pick<Outcome, 'result' | 'error'>> {
  if (mode !== 'active') return { result: mode, error: undefined };
  if (decision.replicas === replicas.desired) return { result: 'held', error: undefined };
  if (!fence()) return { result: 'not-leader', error: undefined };
  try {
    await target.scale(decision.replicas);
    return { result: 'scaled', error: undefined };
  } catch (error) {
    return { result: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
}
