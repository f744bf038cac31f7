import type { Logger } from 'pino';
import { createConsumer } from '../../services/broker/kafkajs/consumer.ts';
import type { Settled } from './figures.ts';

export interface ReportsOptions {
  readonly kafka: string;
  readonly topic: string;
  readonly log: Logger;
}

/** As the worker writes it: when the record was due, and was settled, in unix ms. */
type Line = readonly [partition: number, offset: number, arrivedAt: number, settledAt: number];

/** What the workers tell of the records that they have settled. */
export class Reports {
  private readonly consumer;
  /** By place; of a record that was delivered twice the first time counts. */
  private readonly lines = new Map<string, Line>();

  constructor({ kafka, topic, log }: ReportsOptions) {
    this.consumer = createConsumer({
      brokers: [kafka],
      log,
      clientId: 'bench',
      groupId: `bench-${topic}`,
      topics: [topic],
      onDead: (error) => log.error({ err: error }, 'reports of the workers are no longer read'),
      onRestart: () => {},
    });
  }

  get count(): number {
    return this.lines.size;
  }

  async start(): Promise<void> {
    await this.consumer.start({
      onMessages: async (messages, heartbeat) => {
        for (const { value } of messages)
          for (const line of JSON.parse(value?.toString() ?? '[]') as Line[]) this.keep(line);
        await heartbeat();
      },
      onRevoked: () => {},
      onAssigned: () => {},
    });
  }

  stop(): Promise<void> {
    return this.consumer.stop();
  }

  /** In seconds from `beginsAt`, unix ms. */
  records(beginsAt: number): Settled[] {
    return [...this.lines.values()].map(([, , arrivedAt, settledAt]) => ({
      arrived: (arrivedAt - beginsAt) / 1_000,
      settled: (settledAt - beginsAt) / 1_000,
    }));
  }

  private keep(line: Line): void {
    const place = `${line[0]}/${line[1]}`;
    const known = this.lines.get(place);
    if (!known || known[3] > line[3]) this.lines.set(place, line);
  }
}
