import type { Decision, Observation } from '../scaling/types.ts';
import type { Fence } from './apply.ts';
import { apply } from './apply.ts';
import { gather } from './gather.ts';
import type { LagSource, OutcomeSink, ScalerSource } from './ports.ts';
import type { ReadTarget } from './target-reader.ts';

/** The pure function at the heart: operator/scaling/decide.ts. */
export type Decide<State> = (
  state: State,
  observation: Observation,
) => { readonly state: State; readonly decisions: readonly Decision[] };

export interface TickOptions<State> {
  readonly scalers: ScalerSource;
  readonly lag: LagSource;
  readonly decide: Decide<State>;
  readonly initialState: State;
  readonly sinks: readonly OutcomeSink[];
  readonly fence: Fence;
  /** ms of a monotonic clock. */
  readonly now: () => number;
  readonly readTarget: ReadTarget;
  /** A sink that has failed: the others are told all the same. */
  readonly onSinkError: (error: unknown) => void;
}

/** One turn of the operator: gather, decide, apply, tell. The state is kept from turn to turn. */
export function createTick<State>(options: TickOptions<State>): () => Promise<void> {
  const { scalers, lag, decide, sinks, fence, now, readTarget, onSinkError } = options;
  let state = options.initialState;
  return async () => {
    const at = now() / 1_000;
    const gathered = await gather(scalers.list(), { lag, at, readTarget });
    const decided = decide(state, gathered.observation);
    state = decided.state;
    const outcomes = await apply(gathered, decided.decisions, fence);
    for (const sink of sinks) {
      try {
        await sink.accept(outcomes, at, gathered.unread);
      } catch (error) {
        onSinkError(error);
      }
    }
  };
}
