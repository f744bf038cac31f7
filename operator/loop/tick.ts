import type { Decision, Observation } from '../scaling/types.ts';
import type { Applier } from './apply.ts';
import { gather } from './gather.ts';
import type { LagSource, Outcome, OutcomeSink, ScalerSource } from './ports.ts';
import type { ReadTargets } from './target-reader.ts';

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
  readonly applier: Applier;
  readonly sinks: readonly OutcomeSink[];
  /** ms of a monotonic clock. */
  readonly now: () => number;
  readonly readTargets: ReadTargets;
  /** A sink that has failed: the others are told all the same. */
  readonly onSinkError: (error: unknown) => void;
}

/**
 * One turn of the operator: gather, decide, begin to apply, tell. It does not wait for the changes: those that are under
 * way at the next turn are left out of it, and told of when they have ended. The state is kept from turn to turn.
 */
export function createTick<State>(options: TickOptions<State>): () => Promise<void> {
  const { scalers, lag, decide, applier, sinks, now, readTargets, onSinkError } = options;
  let state = options.initialState;
  const tell = async (told: (sink: OutcomeSink) => unknown): Promise<void> => {
    for (const sink of sinks) {
      try {
        await told(sink);
      } catch (error) {
        onSinkError(error);
      }
    }
  };
  const settle = (outcome: Outcome): Promise<void> => tell((sink) => sink.settle?.(outcome));
  return async () => {
    const at = now() / 1_000;
    const free = scalers.list().filter(({ target }) => !applier.isApplying(target));
    const gathered = await gather(free, { lag, at, readTargets });
    const decided = decide(state, gathered.observation);
    state = decided.state;
    const { outcomes, settling } = applier.apply(gathered, decided.decisions);
    await tell((sink) => sink.accept(outcomes, at, gathered.unread));
    // Not before: who is told of an end must know of the beginning.
    for (const one of settling) void one.then(settle);
  };
}
