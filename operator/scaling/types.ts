/**
 * What `decide` is given and what it answers. Plain data only: an observation can be written to a file, read back
 * and decided again, and the state can be carried in a StageScaler's status.
 *
 * Units: times in seconds, rates in records per second, offsets and lag in records, work in replica-seconds.
 */

/** What the user asks for, checked and with every default filled in. */
export interface ScalerSpec {
  /** Unique among the scalers decided together; in Kubernetes `namespace/name`. */
  readonly name: string;
  /** The objective: no event waits longer. */
  readonly maxAgeSeconds: number;
  /** 0: the stage may sleep. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Names of the scalers whose stages write what this one reads. */
  readonly upstream: readonly string[];
  readonly profile: Profile;
  /** How long nothing must have happened, here and upstream, before the stage sleeps. */
  readonly idleSeconds: number;
  /** What to hold when lag has been unknown for `afterSeconds`: never fewer than are running. */
  readonly fallback: { readonly replicas: number; readonly afterSeconds: number } | undefined;
  /** Records per second one replica can settle; a first guess until it has been measured. */
  readonly capacityHint: number | undefined;
  /** Where a group that has never committed begins. */
  readonly offsetReset: 'earliest' | 'latest';
}

/** How replica-seconds are weighed against rebalances: the length of the scale-down window and its caution. */
export type Profile = 'cost' | 'balanced' | 'stable';

/** One look at everything, about every two seconds. */
export interface Observation {
  /** Seconds of a clock that only goes forward; only differences mean anything. */
  readonly at: number;
  readonly scalers: readonly ScalerObservation[];
}

export interface ScalerObservation {
  readonly spec: ScalerSpec;
  readonly lag: LagReading;
  readonly replicas: ReplicaReading;
}

/** Replicas of the target, as the platform tells. */
export interface ReplicaReading {
  /** What is asked of the platform at present (`spec.replicas`). */
  readonly desired: number;
  /** Replicas that are up (`status.readyReplicas`). */
  readonly ready: number;
  /** Changes when another version of the stage is rolled out: what was learned of the old one may be wrong. */
  readonly revision: string;
}

/** Unknown is not zero: whoever reads this must say what to do without knowledge. */
export type LagReading = KnownLag | UnknownLag;

export interface UnknownLag {
  readonly kind: 'unknown';
  readonly reason: UnknownReason;
  /** In words, with names: for the condition and the log. */
  readonly message: string;
}
export type UnknownReason =
  | 'BrokerUnreachable'
  | 'Unauthorized'
  | 'TopicMissing'
  | 'GroupMissing'
  | 'PartitionLeaderless'
  | 'OffsetsIncomplete'
  /** Behind where they were: the topic has been made anew, or the group's offsets have been set back. */
  | 'OffsetsReset'
  | 'ReadTimedOut';

export interface KnownLag {
  readonly kind: 'known';
  readonly group: GroupReading;
  /** Every partition of every topic of the scaler: never some of them. */
  readonly partitions: readonly PartitionReading[];
}

export type GroupState =
  | 'Stable'
  | 'Empty'
  | 'Dead'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling';

export interface GroupReading {
  readonly state: GroupState;
  readonly members: readonly MemberReading[];
}

export interface MemberReading {
  /** Kafka's member id: new at each join. */
  readonly id: string;
  /** Undefined when the client's assignment cannot be read. */
  readonly assigned: readonly TopicPartition[] | undefined;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Offsets are below 2^53 in practice, so plain numbers do. */
export interface PartitionReading extends TopicPartition {
  /** First offset that is still there. */
  readonly begin: number;
  /** Offset the next record will get. */
  readonly end: number;
  /** Undefined: the group has never committed here. */
  readonly committed: number | undefined;
  /** What the replica that committed last said of itself (docs/commit-metadata.md). */
  readonly load: ReplicaLoad | undefined;
}

/** Counters of one replica since its start. */
export interface ReplicaLoad {
  readonly replica: string;
  readonly busySeconds: number;
  readonly settled: number;
  readonly inFlight: number;
}

/** What `decide` answers for one scaler. */
export interface Decision {
  readonly scaler: string;
  /** What the target should be set to; equal to `ReplicaReading.desired` when nothing is to be done. */
  readonly replicas: number;
  readonly reason: Reason;
  /** The arithmetic in words, one sentence, for Event and status. */
  readonly message: string;
  /** What was measured and estimated. Undefined: not known. */
  readonly measured: Measured;
  /** Every replica count that was considered, and why it was not taken. */
  readonly alternatives: readonly Alternative[];
  readonly conditions: readonly Verdict[];
}

export type Reason =
  // up
  | 'LoadAboveCapacity'
  | 'BacklogTooOld'
  | 'RampAhead'
  | 'UpstreamLoad'
  | 'WokenByUpstream'
  | 'WokenByEvents'
  | 'BelowMinimum'
  | 'Fallback'
  | 'CapacityUnknown'
  // down
  | 'LoadBelowCapacity'
  | 'Idle'
  | 'AboveMaximum'
  | 'BottleneckRollback'
  // hold
  | 'Steady'
  | 'LagUnknown'
  | 'Rebalancing'
  | 'ReplicasStarting'
  | 'DrainsInTime'
  | 'WindowNotFull'
  | 'SavingTooSmall'
  | 'Bottlenecked'
  | 'Limited';

export interface Measured {
  readonly lagRecords: number | undefined;
  /** How long the oldest unsettled event has been waiting. */
  readonly ageSeconds: number | undefined;
  /** Records per second written to the topics, smoothed. */
  readonly arrivalPerSecond: number | undefined;
  /** What is planned for: with ramp and upstream's backlog. */
  readonly plannedPerSecond: number | undefined;
  /** Records per second one replica can settle. */
  readonly capacityPerReplica: number | undefined;
  readonly capacitySource: 'busy-time' | 'saturated' | 'hint' | undefined;
  /** arrival / (capacity of the replicas, evenly loaded): 1 is full. */
  readonly utilization: number | undefined;
  readonly coldStartSeconds: number;
  readonly rebalanceSeconds: number;
  /** Rebalances seen since the state began. */
  readonly rebalances: number;
  readonly partitions: number;
}

export interface Alternative {
  readonly replicas: number;
  readonly verdict: 'chosen' | 'rejected';
  /** e.g. "takes 41 s to drain 5,200 records, 24 s allowed". */
  readonly why: string;
}

/** Becomes a condition of the StageScaler. */
export interface Verdict {
  readonly type: 'LagKnown' | 'ScalingLimited' | 'Bottlenecked' | 'HotPartition' | 'PoisonedPartition';
  readonly status: boolean;
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}
