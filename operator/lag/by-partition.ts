/** Values by topic and partition. */
export class ByPartition<Value> {
  private readonly topics = new Map<string, (Value | undefined)[]>();

  get(topic: string, partition: number): Value | undefined {
    return this.topics.get(topic)?.[partition];
  }

  has(topic: string, partition: number): boolean {
    return this.get(topic, partition) !== undefined;
  }

  set(topic: string, partition: number, value: Value): void {
    const partitions = this.topics.get(topic);
    if (partitions) partitions[partition] = value;
    else {
      const first: (Value | undefined)[] = [];
      first[partition] = value;
      this.topics.set(topic, first);
    }
  }

  delete(topic: string, partition: number): void {
    const partitions = this.topics.get(topic);
    if (partitions) partitions[partition] = undefined;
  }

  some(test: (value: Value) => boolean): boolean {
    for (const partitions of this.topics.values())
      if (partitions.some((value) => value !== undefined && test(value))) return true;
    return false;
  }
}
