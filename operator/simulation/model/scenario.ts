import type { Profile } from '../../scaling/types.ts';
import type { Random } from './random.ts';
import type { TurnSettings } from './turns.ts';

/** What is simulated: a load, the stages it runs through, the world around them. Times in seconds. */
export interface Scenario {
  readonly name: string;
  /** One line for the report: what happens, with figures. */
  readonly title: string;
  readonly durationSeconds: number;
  /** Records per second written to the first stage's topic, as a function of time. Called once per seed. */
  readonly load: (random: Random) => (second: number) => number;
  readonly stages: readonly StageModel[];
  readonly environment: Environment;
  readonly faults: readonly Fault[];
  /** Replicas of every stage at the start; `fitting`: what the load at the start needs at 80 %. */
  readonly initialReplicas: number | 'fitting';
  /** False: no number of replicas can keep the objective, so its targets do not apply. */
  readonly scalable: boolean;
}

/** A consumer group with its Deployment. */
export interface StageModel {
  readonly name: string;
  /** Index of the stage whose output it reads; undefined: the load. */
  readonly input: number | undefined;
  /** Records it reads for each record that its input settles. */
  readonly gain: (second: number) => number;
  readonly partitions: number;
  /** Records per second that one replica settles at full capacity. */
  readonly capacity: number;
  /** Calls a replica has in flight at full capacity. */
  readonly concurrency: number;
  /** Records per second that one partition can settle at most: a key is worked on one by one. */
  readonly partitionCapacity?: number;
  /** Factor on the capacity: below 1 while a remote system is slow. */
  readonly speed?: (second: number) => number;
  /** Capacity of what all replicas share, in records per second, and the share of it each replica costs. */
  readonly sharedCapacity?: { readonly perSecond: number; readonly lossPerReplica: number };
  /** Relative load of each partition; only the first stage's matters, keys keep their partition. */
  readonly weights: (second: number) => readonly number[];
  /** A message that cannot be handled blocks this partition for a time. */
  readonly poisoned?: { readonly partition: number; readonly from: number; readonly to: number };
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly maxAgeSeconds: number;
  /** Of the StageScaler; default: balanced. */
  readonly profile?: Profile;
  /** Of the StageScaler; default: 300. */
  readonly idleSeconds?: number;
  /** Writes its load into the metadata of its commits (docs/commit-metadata.md). */
  readonly writesLoad: boolean;
  /** Takes its partitions in turn; undefined: works on all of them evenly, and commits them together. */
  readonly turns?: TurnSettings | undefined;
}

/** Times that differ from cluster to cluster and from client to client. */
export interface Environment {
  readonly name: string;
  /** In words and figures, with where they are from: for the report. */
  readonly source: string;
  /** Seconds from the change of `spec.replicas` until the last of so many new pods joins the group. */
  readonly coldStart: (pods: number) => readonly [min: number, max: number];
  /** The first of them joins earlier by at most this share of that time. */
  readonly coldStartSpread: number;
  /** Seconds for which a group stands still when its members change. */
  readonly rebalance: readonly [min: number, max: number];
  /** Each further member that joins in the same rebalance prolongs it. */
  readonly rebalancePerJoin: number;
  /** `group.initial.rebalance.delay.ms`: an empty group waits for more members. */
  readonly initialRebalance: number;
  /** Share of its time that a fully loaded client is not in a handler: fetching, committing, heartbeats. */
  readonly clientOverhead: number;
  /** Share of their speed that members have while pods start beside them on a full machine; default: 1. */
  readonly speedWhileStarting?: number;
  /** Between two commits of a member. */
  readonly commitInterval: number;
}

export type Fault =
  /** Nothing can be written, read or asked; what comes meanwhile is written afterwards. */
  | { readonly kind: 'broker-outage'; readonly from: number; readonly to: number }
  /** The same for every third partition. */
  | { readonly kind: 'leader-loss'; readonly from: number; readonly to: number }
  /** Only the operator cannot read offsets. */
  | { readonly kind: 'blind'; readonly from: number; readonly to: number }
  | { readonly kind: 'operator-restart'; readonly at: number };

/** Every partition gets the same. */
export const even = (partitions: number): StageModel['weights'] => {
  const weights = Array.from({ length: partitions }, () => 1 / partitions);
  return () => weights;
};
