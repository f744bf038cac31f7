import type { Decision, ScalerObservation } from '../scaling/types.ts';
import type { Gathered } from './gather.ts';
import type { ManagedScaler, Outcome, ScaleTarget } from './ports.ts';

/** Whether this process may still write: asked immediately before every change. */
export type Fence = () => boolean;

/** What became of the decisions of one tick. */
export interface Applied {
  readonly outcomes: readonly Outcome[];
  /** What those that are `applying` turn out to be. */
  readonly settling: readonly Promise<Outcome>[];
}

/** Told of every change of replicas that has ended: how long it took. */
export type ApplyListener = (seconds: number) => void;

export interface ApplierOptions {
  readonly fence: Fence;
  /** ms of a monotonic clock. */
  readonly now: () => number;
  readonly onApplied?: ApplyListener;
}

/**
 * Sets what was decided, on all targets at the same time, and does not wait for it: a tick that did would be as slow as
 * the slowest target, and blind meanwhile. A target has one change under way at the most.
 */
export class Applier {
  private readonly options: ApplierOptions;
  private readonly changes = new Map<ScaleTarget, Promise<Outcome>>();

  constructor(options: ApplierOptions) {
    this.options = options;
  }

  /** Changes that have not ended. */
  get underway(): number {
    return this.changes.size;
  }

  /** While a change is under way, what is read of its target may be from before or from after it. */
  isApplying(target: ScaleTarget): boolean {
    return this.changes.has(target);
  }

  /** Begins what has to be changed. */
  apply({ observation, scalers }: Gathered, decisions: readonly Decision[]): Applied {
    const observed = new Map(observation.scalers.map((one) => [one.spec.name, one]));
    const settling: Promise<Outcome>[] = [];
    const outcomes = decisions.flatMap((decision): Outcome[] => {
      const scaler = scalers.get(decision.scaler);
      const seen = observed.get(decision.scaler);
      if (!scaler || !seen) return [];
      const result = this.judge(scaler, seen, decision);
      const outcome = { scaler, observation: seen, decision, result, error: undefined };
      if (result === 'applying') settling.push(this.begin(outcome));
      return [outcome];
    });
    return { outcomes, settling };
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.changes.values());
  }

  private judge(
    { mode }: ManagedScaler,
    { replicas }: ScalerObservation,
    decision: Decision,
  ): Outcome['result'] {
    if (mode !== 'active') return mode;
    if (decision.replicas === replicas.desired) return 'held';
    return this.options.fence() ? 'applying' : 'not-leader';
  }

  private begin(outcome: Outcome): Promise<Outcome> {
    const { target } = outcome.scaler;
    const change = this.change(outcome).finally(() => this.changes.delete(target));
    this.changes.set(target, change);
    return change;
  }

  private async change(outcome: Outcome): Promise<Outcome> {
    const { now, onApplied } = this.options;
    const beganMs = now();
    try {
      await outcome.scaler.target.scale(outcome.decision.replicas);
      return { ...outcome, result: 'scaled' };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ...outcome, result: 'failed', error: message };
    } finally {
      onApplied?.((now() - beganMs) / 1_000);
    }
  }
}
