import type { Logger } from 'pino';
import { createConsumer } from '../../services/broker/kafkajs/consumer.ts';

export interface WatchOptions {
  readonly brokers: readonly string[];
  /** The stage's output: each of its partitions holds what came from the same partition of its input. */
  readonly topic: string;
  readonly log: Logger;
}

/**
 * When and in which partition messages were settled, by what the stage has written of them: the time of an event is
 * that of the database's commit, not of its way to here.
 */
export class SettledWatch {
  /** By partition, unix ms. */
  readonly times = new Map<number, number[]>();
  /** By key of the message. */
  readonly partitionOf = new Map<string, number>();
  private readonly consumer;

  constructor({ brokers, topic, log }: WatchOptions) {
    this.consumer = createConsumer({
      brokers,
      log,
      clientId: 'sluice-bench',
      groupId: `bench-${crypto.randomUUID()}`,
      topics: [topic],
      onDead: (error) => log.error({ err: error }, 'the watching consumer is dead'),
      onRestart: () => {},
    });
  }

  async start(): Promise<void> {
    await this.consumer.start({
      onMessages: async (messages, heartbeat) => {
        for (const { partition, key, headers } of messages) {
          const at = Date.parse(headers['ce_time'] ?? '');
          if (Number.isNaN(at)) continue;
          const times = this.times.get(partition);
          if (times) times.push(at);
          else this.times.set(partition, [at]);
          if (key) this.partitionOf.set(key.toString(), partition);
        }
        await heartbeat();
      },
      onRevoked: () => {},
      onAssigned: () => {},
    });
  }

  stop(): Promise<void> {
    return this.consumer.stop();
  }
}
