import type { TopicPartition } from '../scaling/types.ts';
import { ByPartition } from './by-partition.ts';

interface Begin {
  offset: number;
  readAtMs: number;
  /** The end that was read last. */
  end: number;
}

/**
 * First offsets, read every 30 s only: retention moves them forward, and one that is too old makes the lag seem
 * larger, never smaller. They fall only when a topic is made anew; then its end falls too, which is seen at once.
 */
export class BeginOffsets {
  private readonly maxAgeMs: number;
  private readonly begins = new ByPartition<Begin>();

  constructor(maxAgeMs: number) {
    this.maxAgeMs = maxAgeMs;
  }

  get({ topic, partition }: TopicPartition): number | undefined {
    return this.begins.get(topic, partition)?.offset;
  }

  isDue({ topic, partition }: TopicPartition, nowMs: number): boolean {
    const begin = this.begins.get(topic, partition);
    return begin === undefined || nowMs - begin.readAtMs >= this.maxAgeMs;
  }

  note({ topic, partition }: TopicPartition, offset: number, nowMs: number): void {
    const end = this.begins.get(topic, partition)?.end ?? offset;
    this.begins.set(topic, partition, { offset, readAtMs: nowMs, end });
  }

  /** Notes the end of a partition; false when it contradicts what is known, which is then forgotten. */
  agrees({ topic, partition }: TopicPartition, end: number): boolean {
    const begin = this.begins.get(topic, partition);
    if (!begin) return true;
    if (end < begin.end || end < begin.offset) {
      this.begins.delete(topic, partition);
      return false;
    }
    begin.end = end;
    return true;
  }
}
