import type {
  GroupReading,
  KnownLag,
  PartitionReading,
  ReplicaLoad,
  ReplicaReading,
} from '../../scaling/types.ts';

export interface ConsumptionOptions {
  /** Records per second that one replica settles. */
  readonly capacityPerReplica: number;
  readonly coldStartSeconds: number;
  /** How long a change of the members stops all of them. */
  readonly rebalanceSeconds: number;
}

/**
 * A stage as it would have worked with other replicas: the records come as they were recorded, and are settled by
 * as many replicas as were decided. Fluid; partition i belongs to replica i mod n, as Kafka's round robin deals.
 */
export class Consumption {
  private readonly options: ConsumptionOptions;
  private readonly positions = new Map<string, number>();
  private readonly loads: { busySeconds: number; settled: number }[] = [];
  private desired: number;
  private ready: number;
  /** When the replicas that were asked for last will have started. */
  private startedAt = -Infinity;
  private pausedUntil = -Infinity;
  private lastAt: number | undefined;

  constructor(options: ConsumptionOptions, replicas: ReplicaReading) {
    this.options = options;
    this.desired = replicas.desired;
    this.ready = replicas.ready;
  }

  replicas(revision: string): ReplicaReading {
    return { desired: this.desired, ready: this.ready, revision };
  }

  scale(replicas: number, at: number): void {
    if (replicas > this.desired) this.startedAt = at + this.options.coldStartSeconds;
    this.desired = replicas;
    if (replicas < this.ready) this.become(replicas, at);
  }

  /** What would have been read at this moment, given what was. */
  read(recorded: KnownLag, at: number): KnownLag {
    const seconds = this.lastAt === undefined ? 0 : Math.max(0, at - this.lastAt);
    this.lastAt = at;
    if (this.ready < this.desired && at >= this.startedAt) this.become(this.desired, at);
    const paused = Math.min(seconds, Math.max(0, this.pausedUntil - (at - seconds)));
    this.settle(recorded.partitions, seconds - paused);
    return {
      kind: 'known',
      group: this.group(recorded.partitions, at),
      partitions: recorded.partitions.map((partition, index) => this.partition(partition, index)),
    };
  }

  private become(replicas: number, at: number): void {
    this.ready = replicas;
    this.pausedUntil = at + this.options.rebalanceSeconds;
  }

  private settle(partitions: readonly PartitionReading[], seconds: number): void {
    for (const partition of partitions) if (!this.positions.has(keyOf(partition))) this.begin(partition);
    for (let replica = 0; replica < this.ready; replica++) {
      const own = partitions.filter((_, index) => index % this.ready === replica);
      const waiting = own.map((partition) =>
        Math.max(0, partition.end - this.positions.get(keyOf(partition))!),
      );
      const total = waiting.reduce((sum, count) => sum + count, 0);
      const settled = Math.min(total, this.options.capacityPerReplica * seconds);
      if (settled === 0) continue;
      for (const [index, partition] of own.entries()) {
        const key = keyOf(partition);
        this.positions.set(key, this.positions.get(key)! + (settled * waiting[index]!) / total);
      }
      const load = (this.loads[replica] ??= { busySeconds: 0, settled: 0 });
      load.settled += settled;
      load.busySeconds += settled / this.options.capacityPerReplica;
    }
  }

  private begin(partition: PartitionReading): void {
    const { begin, end, committed } = partition;
    this.positions.set(keyOf(partition), Math.min(end, Math.max(begin, committed ?? begin)));
  }

  private partition(partition: PartitionReading, index: number): PartitionReading {
    return {
      ...partition,
      committed: Math.floor(this.positions.get(keyOf(partition))!),
      load: this.ready === 0 ? undefined : this.load(index % this.ready),
    };
  }

  private load(replica: number): ReplicaLoad {
    const { busySeconds, settled } = this.loads[replica] ?? { busySeconds: 0, settled: 0 };
    return { replica: `what-if-${replica}`, busySeconds, settled: Math.floor(settled), inFlight: 0 };
  }

  private group(partitions: readonly PartitionReading[], at: number): GroupReading {
    const members = Array.from({ length: this.ready }, (_, replica) => ({
      id: `what-if-${replica}`,
      assigned: partitions
        .filter((_partition, index) => index % this.ready === replica)
        .map(({ topic, partition }) => ({ topic, partition })),
    }));
    if (this.ready === 0) return { state: 'Empty', members };
    return { state: at < this.pausedUntil ? 'PreparingRebalance' : 'Stable', members };
  }
}

const keyOf = ({ topic, partition }: PartitionReading): string => `${topic}/${partition}`;
