import type { TopicPartition } from '../scaling/types.ts';

interface Begin {
  readonly offset: number;
  readonly readAtMs: number;
  /** The end that was read last. */
  readonly end: number;
}

/**
 * First offsets, read every 30 s only: retention moves them forward, and one that is too old makes the lag seem
 * larger, never smaller. They fall only when a topic is made anew; then its end falls too, which is seen at once.
 */
export class BeginOffsets {
  private readonly maxAgeMs: number;
  private readonly begins = new Map<string, Begin>();

  constructor(maxAgeMs: number) {
    this.maxAgeMs = maxAgeMs;
  }

  get({ topic, partition }: TopicPartition): number | undefined {
    return this.begins.get(`${topic}/${partition}`)?.offset;
  }

  isDue(of: TopicPartition, nowMs: number): boolean {
    const begin = this.begins.get(`${of.topic}/${of.partition}`);
    return begin === undefined || nowMs - begin.readAtMs >= this.maxAgeMs;
  }

  note({ topic, partition }: TopicPartition, offset: number, nowMs: number): void {
    const key = `${topic}/${partition}`;
    this.begins.set(key, { offset, readAtMs: nowMs, end: this.begins.get(key)?.end ?? offset });
  }

  /** Notes the end of a partition; false when it contradicts what is known, which is then forgotten. */
  agrees({ topic, partition }: TopicPartition, end: number): boolean {
    const key = `${topic}/${partition}`;
    const begin = this.begins.get(key);
    if (!begin) return true;
    if (end < begin.end || end < begin.offset) {
      this.begins.delete(key);
      return false;
    }
    this.begins.set(key, { ...begin, end });
    return true;
  }
}
