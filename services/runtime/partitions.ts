import type { OffsetCommit, TopicPartition } from '../broker/port.ts';
import { OffsetTracker } from './offset-tracker.ts';

interface Assigned extends TopicPartition {
  tracker: OffsetTracker;
}

/** The trackers of the present assignment. A new assignment forgets the last one's, commits and all. */
export class Partitions {
  private assigned = new Map<string, Assigned>();
  private ours = new Set<string>();

  assign(partitions: readonly TopicPartition[]): void {
    this.assigned = new Map(partitions.map((p) => [nameOf(p), { ...p, tracker: new OffsetTracker() }]));
    this.ours = new Set(this.assigned.keys());
  }

  revoke(): void {
    this.assigned.clear();
  }

  /** Whether it was ours by the last assignment: during a rebalance nobody else works on it. */
  isOurs(partition: TopicPartition): boolean {
    return this.ours.has(nameOf(partition));
  }

  /**
   * Undefined when the partition is no longer ours. An offset behind the last one (fetched again, or the topic
   * was made anew) begins the partition anew: at worst a message is worked on twice, which changes nothing.
   */
  add(message: TopicPartition & { readonly offset: string }): (() => void) | undefined {
    const found = this.assigned.get(nameOf(message));
    if (found?.tracker.isBehind(message.offset)) found.tracker = new OffsetTracker();
    return found?.tracker.add(message.offset);
  }

  /** The offsets that have moved since the last call. */
  take(metadata: () => string): OffsetCommit[] {
    const commits: OffsetCommit[] = [];
    for (const { topic, partition, tracker } of this.assigned.values()) {
      const offset = tracker.take();
      if (offset !== undefined) commits.push({ topic, partition, offset, metadata: metadata() });
    }
    return commits;
  }

  untake(commits: readonly OffsetCommit[]): void {
    for (const commit of commits) this.assigned.get(nameOf(commit))?.tracker.untake();
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
