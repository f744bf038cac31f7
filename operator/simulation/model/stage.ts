import type { AgeHistogram } from './age-histogram.ts';
import { ConsumerGroup } from './consumer-group.ts';
import type { Pod } from './pod.ts';
import type { Random } from './random.ts';
import { RecordQueue } from './record-queue.ts';
import type { Environment, StageModel } from './scenario.ts';
import { shareOut } from './share-out.ts';
import { newTurn, workInTurn } from './turns.ts';

export interface StageOptions {
  readonly model: StageModel;
  readonly environment: Environment;
  readonly stepSeconds: number;
  readonly random: Random;
}

/** What a stage may do in one step. */
export interface StepConditions {
  /** End of the step. */
  at: number;
  /** Partitions that a fault keeps from being read. */
  readonly isDown: (partition: number) => boolean;
  /** Where the ages of what leaves the pipeline here are counted. */
  readonly ages: AgeHistogram | undefined;
  /** Called for what each partition settles: records, and the sum of their origins. */
  readonly emit: (partition: number, records: number, origins: number) => void;
}

/** One stage: its partitions, its pods and their group. */
export class Stage {
  readonly model: StageModel;
  readonly group: ConsumerGroup;
  readonly queues: readonly RecordQueue[];
  /** Offsets as the broker has them: only whole records, and only what has been committed. */
  readonly committed: Float64Array;
  /** Of the replica that committed last. */
  readonly reports: (Pod['report'] | undefined)[];
  pods: Pod[] = [];
  /** `spec.replicas`. */
  desired = 0;
  /** Records that ever were settled, as the replicas count them. */
  settled = 0;
  private readonly options: StageOptions;
  private created = 0;
  private readonly waiting: number[] = [];
  private readonly parts: number[] = [];

  constructor(options: StageOptions) {
    const { model, environment, random, stepSeconds } = options;
    this.options = options;
    this.model = model;
    this.group = new ConsumerGroup(model.partitions, environment, random);
    this.queues = Array.from({ length: model.partitions }, () => new RecordQueue(stepSeconds));
    this.committed = new Float64Array(model.partitions);
    this.reports = Array.from({ length: model.partitions }, () => undefined);
  }

  /** `spec.replicas` changes; `warm` pods are up at once. */
  scale(replicas: number, at: number, warm = false): void {
    this.desired = replicas;
    const missing = replicas - this.pods.length;
    const { environment, random } = this.options;
    const last = warm ? 0 : random.between(...environment.coldStart(Math.max(1, missing)));
    for (let index = 0; index < missing; index++)
      this.pods.push(this.createPod(at + last * random.between(1 - environment.coldStartSpread, 1)));
    if (missing < 0) this.remove(-missing, at);
  }

  /** Ready pods, as the Deployment's status tells. */
  get ready(): number {
    return this.group.members.length;
  }

  /** Oldest waiting record of any partition, in seconds. */
  maxAge(at: number): number {
    let age = 0;
    for (let partition = 0; partition < this.queues.length; partition++)
      age = Math.max(age, this.queues[partition]!.headAge(at));
    return age;
  }

  /** Records not yet settled. */
  get backlog(): number {
    let sum = 0;
    for (const queue of this.queues) sum += queue.length;
    return sum;
  }

  step(conditions: StepConditions): void {
    const { at } = conditions;
    if (this.pods.length > this.group.members.length) this.join(at);
    this.group.advance(at, this.options.stepSeconds);
    if (this.group.consuming) for (const pod of this.group.members) this.work(pod, conditions);
  }

  private join(at: number): void {
    const joining = this.pods.filter((pod) => !pod.joined && pod.readyAt <= at);
    if (joining.length > 0) this.commitAll(this.group.members);
    this.group.change(joining, [], at);
  }

  private work(pod: Pod, conditions: StepConditions): void {
    const { at } = conditions;
    const { stepSeconds } = this.options;
    const busy = this.capacityNow(at) * stepSeconds;
    const capacity = busy * (1 - this.options.environment.clientOverhead);
    const settled =
      this.model.turns === undefined
        ? this.workEvenly(pod, capacity, conditions)
        : this.workInTurn(pod, capacity, conditions);
    pod.settled += settled;
    this.settled += settled;
    pod.utilization = busy > 0 ? Math.min(1, settled / busy) : 0;
    pod.busySeconds += pod.utilization * stepSeconds;
    if (this.model.turns !== undefined || at < pod.nextCommitAt) return;
    pod.nextCommitAt = Math.max(at, pod.nextCommitAt + this.options.environment.commitInterval);
    this.commit(pod, pod.assigned);
  }

  private workEvenly(pod: Pod, capacity: number, conditions: StepConditions): number {
    const limit = (this.model.partitionCapacity ?? Infinity) * this.options.stepSeconds;
    const { waiting } = this;
    waiting.length = pod.assigned.length;
    for (let index = 0; index < waiting.length; index++) {
      const partition = pod.assigned[index]!;
      waiting[index] = this.isBlocked(partition, conditions) ? 0 : this.queues[partition]!.length;
    }
    const parts = shareOut(waiting, capacity, limit, this.parts);
    let settled = 0;
    for (let index = 0; index < waiting.length; index++) {
      const records = parts[index]!;
      if (records <= 0) continue;
      this.settle(pod.assigned[index]!, records, conditions);
      settled += records;
    }
    return settled;
  }

  private workInTurn(pod: Pod, capacity: number, conditions: StepConditions): number {
    const { stepSeconds } = this.options;
    let settled = 0;
    if (pod.turn.generation !== this.group.generation) pod.turn = newTurn(this.group.generation);
    workInTurn(pod.turn, this.model.turns!, {
      partitions: pod.assigned,
      queues: this.queues,
      at: conditions.at,
      stepSeconds,
      perSecond: capacity / stepSeconds,
      isBlocked: (partition) => this.isBlocked(partition, conditions),
      settle: (partition, records) => {
        this.settle(partition, records, conditions);
        settled += records;
      },
      commit: (partition) => this.commit(pod, [partition]),
    });
    return settled;
  }

  private settle(partition: number, records: number, { at, ages, emit }: StepConditions): void {
    emit(partition, records, this.queues[partition]!.take(records, at, ages));
  }

  /** Of one replica, in records per second; what is shared is shared by the members. */
  private capacityNow(at: number): number {
    const { capacity, speed, sharedCapacity } = this.model;
    const isStarting = this.pods.length > this.group.members.length;
    const share = isStarting ? (this.options.environment.speedWhileStarting ?? 1) : 1;
    const own = capacity * (speed?.(at) ?? 1) * share;
    if (!sharedCapacity) return own;
    const members = this.group.members.length;
    const whole = sharedCapacity.perSecond * Math.max(0.1, 1 - sharedCapacity.lossPerReplica * members);
    return Math.min(own, whole / members);
  }

  private isBlocked(partition: number, { at, isDown }: StepConditions): boolean {
    const { poisoned } = this.model;
    if (isDown(partition)) return true;
    return poisoned?.partition === partition && at >= poisoned.from && at < poisoned.to;
  }

  private commit(pod: Pod, partitions: readonly number[]): void {
    const { concurrency, writesLoad } = this.model;
    pod.report.busySeconds = pod.busySeconds;
    pod.report.settled = Math.floor(pod.settled);
    pod.report.inFlight = Math.round(pod.utilization * concurrency);
    for (const partition of partitions) {
      const settled = Math.floor(this.queues[partition]!.departed + 1e-6);
      if (settled <= this.committed[partition]!) continue;
      this.committed[partition] = settled;
      if (writesLoad) this.reports[partition] = pod.report;
    }
  }

  /** What members do when they lose their partitions. */
  commitAll(members: readonly Pod[]): void {
    if (this.group.consuming) for (const pod of members) this.commit(pod, pod.assigned);
  }

  private createPod(readyAt: number): Pod {
    const { random, environment } = this.options;
    const id = `${this.model.name}-${this.created++}`;
    return {
      id,
      order: random.uniform(),
      readyAt,
      nextCommitAt: readyAt + random.uniform() * environment.commitInterval,
      joined: false,
      assigned: [],
      busySeconds: 0,
      settled: 0,
      utilization: 0,
      turn: newTurn(0),
      report: { replica: id, busySeconds: 0, settled: 0, inFlight: 0 },
    };
  }

  /** A ReplicaSet deletes pods that are not up first, then the youngest. */
  private remove(count: number, at: number): void {
    const victims = new Set(this.pods.toSorted((a, b) => b.readyAt - a.readyAt).slice(0, count));
    const leaving = this.group.members.filter((pod) => victims.has(pod));
    this.pods = this.pods.filter((pod) => !victims.has(pod));
    if (leaving.length === 0) return;
    this.commitAll(this.group.members);
    this.group.change([], leaving, at);
  }
}
