import type { BrokerAdmin } from '../../broker/port.ts';
import { topicOf } from '../../domain/events.ts';
import type { Stage } from '../../domain/stages.ts';
import { STAGES, consumedBy, groupOf } from '../../domain/stages.ts';
import type { Order } from '../../domain/state-machine.ts';

/** Messages that a stage has still to work on; undefined where the broker did not say: never read as zero. */
export type StageLag = Readonly<Record<Stage, number | undefined>>;

export interface LagOptions {
  readonly admin: BrokerAdmin;
  readonly prefix: string;
  readonly orders: readonly Order[];
}

/** The lag of every stage, over all topics it consumes. */
export async function readLag(options: LagOptions): Promise<StageLag> {
  const entries = STAGES.map(async (stage) => [stage, await stageLag(stage, options).catch(() => undefined)]);
  return Object.fromEntries(await Promise.all(entries)) as StageLag;
}

async function stageLag(stage: Stage, { admin, prefix, orders }: LagOptions): Promise<number> {
  const topics = consumedBy(stage, orders).map((event) => topicOf(prefix, event));
  const lags = await Promise.all(topics.map((topic) => topicLag(admin, groupOf(prefix, stage), topic)));
  return lags.reduce((sum, lag) => sum + lag, 0);
}

async function topicLag(admin: BrokerAdmin, group: string, topic: string): Promise<number> {
  // Committed first: read the other way round, a message stored in between could make the lag negative.
  const committed = await admin.committedOffsets(group, topic);
  const positions = new Map(committed.map(({ partition, offset }) => [partition, offset]));
  const offsets = await admin.topicOffsets(topic);
  return offsets.reduce((sum, { partition, low, high }) => {
    const position = positions.get(partition) ?? low;
    return sum + Number(high - (position > low ? position : low));
  }, 0);
}
