import { AgeHistogram } from './age-histogram.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';
import { RecordQueue } from './record-queue.ts';
import type { Scenario, StageModel } from './scenario.ts';
import type { StepConditions } from './stage.ts';
import { Stage } from './stage.ts';

/** Records per second that the producers' relay writes when it catches up after an outage. */
const RELAY_PER_SECOND = 2_000;

/** What does not depend on the controller: the same for every controller of one scenario and seed. */
export interface Load {
  /** Mean records per second, by second. */
  readonly rates: Float64Array;
  /** Random numbers for the arrivals. */
  readonly random: Random;
}

/** The load of a scenario under a seed. */
export function createLoad(scenario: Scenario, seed: number): Load {
  const rate = scenario.load(createRandom(seed, `${scenario.name}/load`));
  const rates = Float64Array.from({ length: Math.ceil(scenario.durationSeconds) + 1 }, (_, second) =>
    Math.max(0, rate(second)),
  );
  return { rates, random: createRandom(seed, `${scenario.name}/arrivals`) };
}

/** All stages of a scenario, step by step. */
export class Pipeline {
  readonly scenario: Scenario;
  readonly stages: readonly Stage[];
  /** From the time a record came to the time it left a last stage. */
  readonly ages = new AgeHistogram();
  readonly stepSeconds: number;
  now = 0;
  private readonly load: Load;
  /** What producers could not write yet. */
  private readonly outbox: readonly RecordQueue[];
  private readonly conditions: readonly StepConditions[];
  private readonly first: readonly Stage[];
  private outage: Scenario['faults'][number] | undefined;

  constructor(scenario: Scenario, seed: number, stepSeconds: number) {
    this.scenario = scenario;
    this.stepSeconds = stepSeconds;
    this.load = createLoad(scenario, seed);
    this.stages = scenario.stages.map((model) => {
      const random = createRandom(seed, `${scenario.name}/${model.name}`);
      return new Stage({ model, environment: scenario.environment, stepSeconds, random });
    });
    this.outbox = Array.from({ length: scenario.stages[0]!.partitions }, () => new RecordQueue(stepSeconds));
    this.conditions = scenario.stages.map((_, index) => this.conditionsOf(index));
    this.first = this.stages.filter(({ model }) => model.input === undefined);
    this.start();
  }

  /** Mean load at this time, in records per second that a stage reads. */
  meanRate(model: StageModel, second: number): number {
    const at = Math.min(this.load.rates.length - 1, Math.max(0, Math.floor(second)));
    const input = model.input === undefined ? undefined : this.scenario.stages[model.input];
    return (input ? this.meanRate(input, second) : this.load.rates[at]!) * model.gain(second);
  }

  /** What the stage needs at this load: the smallest useful count, with skewed keys and slow calls counted in. */
  neededReplicas(model: StageModel, second: number, headroom: number): number {
    const weights = this.scenario.stages[0]!.weights(second);
    const speed = model.speed?.(second) ?? 1;
    return replicasFor(model, this.meanRate(model, second) * headroom, weights, speed);
  }

  /** Records the operator cannot know of at present, and why. */
  get blindness(): 'broker-outage' | 'leader-loss' | 'blind' | undefined {
    const { kind } = this.outage ?? {};
    return kind === 'operator-restart' ? undefined : kind;
  }

  step(): void {
    this.now += this.stepSeconds;
    const before = this.blindness;
    this.outage = this.scenario.faults.find(
      (fault) => 'from' in fault && this.now >= fault.from && this.now < fault.to,
    );
    if (before === 'broker-outage' && !this.blindness)
      for (const stage of this.stages) stage.group.disturb(this.now);
    this.produce();
    for (let index = 0; index < this.stages.length; index++) {
      this.conditions[index]!.at = this.now;
      this.stages[index]!.step(this.conditions[index]!);
    }
  }

  private start(): void {
    const { initialReplicas } = this.scenario;
    for (const stage of this.stages) {
      const replicas =
        initialReplicas === 'fitting'
          ? this.neededReplicas(stage.model, 0, 1 / 0.8)
          : Math.max(initialReplicas, stage.model.minReplicas);
      stage.scale(replicas, 0, true);
      stage.group.change(stage.pods, [], -60);
      stage.group.advance(0, 0);
    }
  }

  private produce(): void {
    const { random, rates } = this.load;
    const rate = rates[Math.floor(this.now - this.stepSeconds)]! * this.stepSeconds;
    const weights = this.first[0]!.model.weights(this.now);
    const relayed = (RELAY_PER_SECOND / this.outbox.length) * this.stepSeconds;
    for (let partition = 0; partition < this.outbox.length; partition++) {
      const queue = this.outbox[partition]!;
      const records = random.poisson(rate * weights[partition]!);
      if (records === 0 && queue.length === 0) continue;
      queue.push(records, this.now, this.now - this.stepSeconds / 2);
      if (this.isDown(partition)) continue;
      const taken = Math.min(queue.length, Math.max(records, relayed));
      const origin = queue.take(taken, this.now) / taken;
      for (const { model, queues } of this.first)
        queues[partition % queues.length]!.push(taken * model.gain(this.now), this.now, origin);
    }
  }

  /** What each stage's step needs; made once. */
  private conditionsOf(index: number): StepConditions {
    const children = this.stages.filter(({ model }) => model.input === index);
    return {
      at: 0,
      isDown: (partition) => this.isDown(partition),
      ages: children.length === 0 ? this.ages : undefined,
      emit: (partition, records, origins) => {
        for (const { model, queues } of children) {
          const queue = queues[partition % queues.length]!;
          queue.push(records * model.gain(this.now), this.now, origins / records);
        }
      },
    };
  }

  private isDown(partition: number): boolean {
    if (!this.outage) return false;
    const { kind } = this.outage;
    return kind === 'broker-outage' || (kind === 'leader-loss' && partition % 3 === 0);
  }
}

/** Counts of replicas that make a difference: n where fewer would leave some replica with more partitions. */
export function levels(partitions: number): number[] {
  const counts = Array.from({ length: partitions }, (_, index) => Math.ceil(partitions / (index + 1)));
  return [...new Set(counts)].sort((a, b) => a - b);
}

/**
 * Smallest useful count at which no replica gets more than it can settle of `perSecond`, within the stage's bounds:
 * of n members the r-th has the partitions r, r + n, ... `weights`: shares of the partitions; default: even.
 */
export function replicasFor(
  model: StageModel,
  perSecond: number,
  weights?: readonly number[],
  speed = 1,
): number {
  const { partitions, capacity, minReplicas, maxReplicas } = model;
  if (perSecond <= 0) return minReplicas;
  const fullest = (count: number): number =>
    weights ? fullestShare(weights, count) : Math.ceil(partitions / count) / partitions;
  const counts = levels(partitions);
  const least = fullest(partitions);
  const fits = (count: number): boolean =>
    fullest(count) * perSecond <= capacity * speed || fullest(count) <= least + 1e-9;
  return Math.min(maxReplicas, Math.max(minReplicas, counts.find(fits)!));
}

function fullestShare(weights: readonly number[], members: number): number {
  const shares = new Float64Array(members);
  for (const [partition, weight] of weights.entries()) shares[partition % members]! += weight;
  return Math.max(...shares);
}
