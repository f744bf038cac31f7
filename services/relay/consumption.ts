import type { BrokerAdmin, CommittedOffset, PartitionOffsets } from '../broker/port.ts';

/** The end of a topic at one moment, by the database's clock. */
interface Sample {
  readonly at: Date;
  readonly ends: ReadonlyMap<number, bigint>;
}

/**
 * Up to which moment everything that was published to a topic has been consumed by a group: the latest sample
 * whose ends the group's committed offsets have all reached. Undefined until there is one. With this the
 * sweeper tells a lost event, which is to be published again, from one that waits its turn in Kafka.
 */
export class Consumption {
  private samples: Sample[] = [];
  private consumed: Date | undefined;

  /** Adds what was read at `at`. Offsets that go backwards mean a new topic under the old name: starts over. */
  observe(at: Date, offsets: readonly PartitionOffsets[], committed: readonly CommittedOffset[]): void {
    const ends = new Map(offsets.map(({ partition, high }) => [partition, high]));
    const last = this.samples.at(-1);
    if (last && [...last.ends].some(([partition, end]) => (ends.get(partition) ?? -1n) < end))
      this.samples = [];
    this.samples.push({ at, ends });
    const reached = (sample: Sample): boolean =>
      [...sample.ends].every(([partition, end]) => position(partition, offsets, committed) >= end);
    const index = this.samples.findLastIndex(reached);
    if (index === -1) {
      this.thin();
      return;
    }
    this.consumed = this.samples[index]!.at;
    this.samples = this.samples.slice(index);
  }

  consumedUntil(): Date | undefined {
    return this.consumed;
  }

  /** Under a long backlog every other sample goes: coarser, never wrong. */
  private thin(): void {
    if (this.samples.length > 1_000) this.samples = this.samples.filter((_, index) => index % 2 === 0);
  }
}

/** A group that has never committed stands at the beginning. */
function position(
  partition: number,
  offsets: readonly PartitionOffsets[],
  committed: readonly CommittedOffset[],
): bigint {
  const found = committed.find((c) => c.partition === partition)?.offset;
  return found ?? offsets.find((o) => o.partition === partition)?.low ?? 0n;
}

/** Reads one topic and group into its Consumption. */
export async function observeConsumption(
  admin: BrokerAdmin,
  at: Date,
  { group, topic, into }: { group: string; topic: string; into: Consumption },
): Promise<void> {
  // The ends first: what is published between the two reads then counts as not yet consumed.
  const offsets = await admin.topicOffsets(topic);
  into.observe(at, offsets, await admin.committedOffsets(group, topic));
}
