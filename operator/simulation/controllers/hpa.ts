/**
 * The HorizontalPodAutoscaler's arithmetic for an external metric of type AverageValue, after Kubernetes 1.36
 * `pkg/controller/podautoscaler/{horizontal,replica_calculator}.go`: proposal, tolerance, stabilisation window,
 * limits of one step.
 */
export interface HpaBehavior {
  /** Down: the highest recommendation of so many seconds counts. */
  readonly downWindowSeconds: number;
  /**
   * `legacy`: `behavior` unset, at most max(2n, 4) in one sync. `default`: `behavior` set without scaleUp, per 15 s
   * the higher of +4 and +100 %. `unlimited`: no limit.
   */
  readonly scaleUp: 'legacy' | 'default' | 'unlimited';
}

export const HPA_SYNC_SECONDS = 15;
export const HPA_TOLERANCE = 0.1;

interface Recommendation {
  readonly at: number;
  readonly replicas: number;
}

export interface HpaInput {
  readonly at: number;
  /** `spec.replicas`, which the status follows at once. */
  readonly current: number;
  /** The metric, summed; undefined: could not be read. */
  readonly total: number | undefined;
  /** What each replica should have of it. */
  readonly perReplica: number;
  readonly min: number;
  readonly max: number;
}

export class Hpa {
  private readonly behavior: HpaBehavior;
  private recommendations: Recommendation[] = [];
  private started = false;

  constructor(behavior: HpaBehavior) {
    this.behavior = behavior;
  }

  /** One sync: the replicas it sets. At 0 replicas, or without a metric, it changes nothing. */
  sync(input: HpaInput): number {
    const { at, current, total, perReplica, min, max } = input;
    if (current === 0 || total === undefined) return current;
    if (!this.started) this.recommendations.push({ at, replicas: current });
    this.started = true;
    const proposal = propose(current, total, perReplica);
    const { downWindowSeconds } = this.behavior;
    this.recommendations = this.recommendations.filter((old) => old.at > at - downWindowSeconds);
    this.recommendations.push({ at, replicas: proposal });
    const stabilised = this.stabilise(current, proposal);
    const bounded = Math.min(Math.max(stabilised, min), max);
    return bounded > current ? Math.min(bounded, this.highest(current)) : bounded;
  }

  /**
   * The highest recommendation of the window. Without `behavior` it counts on the way up too: what was asked for
   * once is still being climbed to when the lag has gone.
   */
  private stabilise(current: number, proposal: number): number {
    const highest = Math.max(...this.recommendations.map(({ replicas }) => replicas));
    if (this.behavior.scaleUp === 'legacy') return highest;
    return proposal < current ? Math.min(current, highest) : proposal;
  }

  private highest(current: number): number {
    const { scaleUp } = this.behavior;
    if (scaleUp === 'unlimited') return Infinity;
    return scaleUp === 'legacy' ? Math.max(2 * current, 4) : Math.max(2 * current, current + 4);
  }
}

function propose(current: number, total: number, perReplica: number): number {
  const ratio = total / (perReplica * current);
  return Math.abs(ratio - 1) <= HPA_TOLERANCE ? current : Math.ceil(total / perReplica);
}
