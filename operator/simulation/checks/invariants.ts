import { levels } from '../model/pipeline.ts';
import type { Scenario, StageModel } from '../model/scenario.ts';
import type { Decision, Observation, ScalerObservation } from '../../scaling/types.ts';

/** An invariant that did not hold. */
export interface Breach {
  readonly invariant: string;
  readonly at: number;
  readonly stage: string;
  readonly what: string;
}

/** Least seconds between an addition of replicas and taking some away again. */
const CALM_SECONDS = 30;
/** A stage may sleep for so long while there is work for it. */
const WAKE_SECONDS = 4;
const RATE_SECONDS = 30;

interface Memory {
  lastUpAt: number;
  /** Since when it sleeps with work before it. */
  neededSince: number | undefined;
  /** Ends of each partition, oldest first. */
  readonly ends: { readonly at: number; readonly ends: readonly number[] }[];
}

type Check = (decision: Decision, scaler: ScalerObservation, model: StageModel) => string | undefined;

/** Looks at every decision with the world's own eyes. */
export class InvariantWatch {
  readonly breaches: Breach[] = [];
  decisions = 0;
  private readonly scenario: Scenario;
  private readonly memory: readonly Memory[];
  private at = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.memory = scenario.stages.map(() => ({ lastUpAt: -Infinity, neededSince: undefined, ends: [] }));
  }

  readonly look = (observation: Observation, decisions: readonly Decision[]): void => {
    this.at = observation.at;
    this.decisions += decisions.length;
    for (const [index, scaler] of observation.scalers.entries()) {
      const model = this.scenario.stages[index]!;
      const ours = decisions.filter(({ scaler: name }) => name === scaler.spec.name);
      if (ours.length !== 1) this.report('one decision each', model, `${ours.length} decisions`);
      for (const decision of ours) this.check(decision, scaler, model);
      this.remember(ours[0]!, scaler, this.memory[index]!);
      this.checkAwake(observation, index, ours[0]!);
    }
  };

  private check(decision: Decision, scaler: ScalerObservation, model: StageModel): void {
    for (const [invariant, check] of Object.entries(CHECKS)) {
      const what = check(decision, scaler, model);
      if (what !== undefined)
        this.report(invariant, model, `${what}: ${decision.reason}, ${decision.message}`);
    }
    const memory = this.memory[this.scenario.stages.indexOf(model)]!;
    const { desired } = scaler.replicas;
    if (decision.replicas >= desired) return;
    const calm = this.at - memory.lastUpAt;
    if (calm < CALM_SECONDS && decision.reason === 'LoadBelowCapacity')
      this.report('P4 no down soon after an up', model, `${desired}>${decision.replicas} after ${calm} s`);
    this.checkNeed(decision, memory, model);
  }

  /**
   * What comes must still fit, by the ends of the log and the true capacity; 3 deviations of chance are allowed. Of
   * what comes to one partition only as much counts as one replica settles: no number of them can settle more.
   */
  private checkNeed(decision: Decision, { ends }: Memory, model: StageModel): void {
    const first = ends[0];
    const last = ends.at(-1);
    if (!first || !last || last.at - first.at < RATE_SECONDS / 2) return;
    if (model.sharedCapacity || model.poisoned || decision.reason === 'BottleneckRollback') return;
    // Nobody can keep a need that is not known: fewer replicas are tried to learn what one of them can do.
    if (decision.measured.capacityPerReplica === undefined) return;
    const seconds = last.at - first.at;
    const perReplica = model.capacity * (model.speed?.(this.at) ?? 1);
    const came = last.ends.reduce(
      (sum, end, index) => sum + Math.min(end - first.ends[index]!, perReplica * seconds),
      0,
    );
    const least = (came - 3 * Math.sqrt(came)) / seconds;
    if (least > decision.replicas * perReplica)
      this.report('P5 no down below the need', model, `${decision.replicas} for ${least.toFixed(1)}/s`);
  }

  private remember(decision: Decision, { lag, replicas }: ScalerObservation, memory: Memory): void {
    if (decision.replicas > replicas.desired) memory.lastUpAt = this.at;
    if (lag.kind === 'unknown') memory.ends.length = 0;
    else memory.ends.push({ at: this.at, ends: lag.partitions.map(({ end }) => end) });
    while (memory.ends.length > 0 && memory.ends[0]!.at < this.at - RATE_SECONDS) memory.ends.shift();
  }

  /** P7: nobody sleeps while there is work here or before. */
  private checkAwake(observation: Observation, index: number, decision: Decision): void {
    const memory = this.memory[index]!;
    const chain = observation.scalers.slice(0, index + 1);
    const known = chain.every(({ lag }) => lag.kind === 'known');
    const sleeps = decision.replicas === 0 && known && chain.some(hasLag);
    memory.neededSince = sleeps ? (memory.neededSince ?? this.at) : undefined;
    if (memory.neededSince === undefined || this.at - memory.neededSince <= WAKE_SECONDS) return;
    this.report('P7 awake when there is work', this.scenario.stages[index]!, decision.message);
    memory.neededSince = undefined;
  }

  private report(invariant: string, { name }: StageModel, what: string): void {
    this.breaches.push({ invariant, at: this.at, stage: name, what });
  }
}

const CHECKS: Readonly<Record<string, Check>> = {
  'P1 unknown never lowers': ({ replicas }, { lag, replicas: { desired }, spec }) =>
    lag.kind === 'unknown' && replicas < Math.min(desired, spec.maxReplicas)
      ? `${desired}>${replicas}`
      : undefined,
  'P2 within bounds': ({ replicas }, { replicas: { desired } }, { minReplicas, maxReplicas }) =>
    Number.isInteger(replicas) &&
    ((replicas >= minReplicas && replicas <= maxReplicas) || replicas === desired)
      ? undefined
      : `${replicas} of ${minReplicas} to ${maxReplicas}`,
  'P2 useful counts': ({ replicas }, { replicas: { desired } }, { minReplicas, maxReplicas, partitions }) =>
    replicas === desired || [0, minReplicas, maxReplicas, ...levels(partitions)].includes(replicas)
      ? undefined
      : `${replicas} of ${partitions} partitions`,
  'no down in a rebalance': ({ replicas, reason }, { lag, replicas: { desired } }) =>
    lag.kind === 'known' &&
    lag.group.state === 'PreparingRebalance' &&
    replicas < desired &&
    reason !== 'AboveMaximum'
      ? `${desired}>${replicas}`
      : undefined,
  'every decision is explained': ({ message }) => (message.trim() === '' ? 'no message' : undefined),
};

function hasLag({ lag }: ScalerObservation): boolean {
  return lag.kind === 'known' && lag.partitions.some(({ end, committed = 0 }) => end > committed);
}
