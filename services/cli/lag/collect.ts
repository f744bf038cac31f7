import type { BrokerAdmin } from '../../broker/port.ts';
import { topicOf } from '../../domain/events.ts';
import type { Stage } from '../../domain/stages.ts';
import { STAGES, consumedBy, groupOf } from '../../domain/stages.ts';
import type { EventName, Order } from '../../domain/state-machine.ts';
import { messageOf } from '../../error-message.ts';
import type { Lag, Rates, Reading, ReplicaReport } from './offsets.ts';
import { lagOf, ratesOf, replicasOf } from './offsets.ts';

export interface TopicReport {
  readonly stage: Stage;
  readonly group: string;
  readonly topic: string;
  readonly event: EventName;
  readonly partitions: number | undefined;
  readonly lag: Lag;
  readonly rates: Rates | undefined;
  /** Kafka has not answered, or with something that no one can make sense of. */
  readonly failed: boolean;
}

export interface BrokerReport {
  readonly topics: readonly TopicReport[];
  readonly replicas: readonly (ReplicaReport & { readonly stage: Stage })[];
}

export interface CollectOptions {
  readonly admin: Pick<BrokerAdmin, 'topicOffsets' | 'committedOffsets'>;
  readonly prefix: string;
  readonly orders: readonly Order[];
  /** Time between the two readings that rates and load are made from; 0 leaves them out. */
  readonly sampleMs: number;
  /** Whether an error says that a topic does not exist. */
  readonly isMissingTopic: (error: unknown) => boolean;
}

interface Subscription {
  readonly stage: Stage;
  readonly event: EventName;
  readonly group: string;
  readonly topic: string;
}
type Outcome = Reading | { readonly error: string; readonly missing: boolean };

/** How far each stage is behind on each topic it consumes, by two readings of Kafka. */
export async function collect(options: CollectOptions): Promise<BrokerReport> {
  const { prefix, orders, sampleMs } = options;
  const subscriptions = STAGES.flatMap((stage) =>
    consumedBy(stage, orders).map((event) => ({
      stage,
      event,
      group: groupOf(prefix, stage),
      topic: topicOf(prefix, event),
    })),
  );
  const first = await readAll(options, subscriptions);
  if (sampleMs > 0) await new Promise((resolve) => setTimeout(resolve, sampleMs));
  const second = sampleMs > 0 ? await readAll(options, subscriptions) : first;
  return {
    topics: subscriptions.map((subscription, at) => report(subscription, first[at]!, second[at]!)),
    replicas: STAGES.flatMap((stage) => {
      const of = (outcomes: readonly Outcome[]): Reading[] =>
        outcomes.filter(
          (outcome, at) => subscriptions[at]!.stage === stage && !('error' in outcome),
        ) as Reading[];
      return replicasOf(of(first), of(second)).map((replica) => ({ stage, ...replica }));
    }),
  };
}

function readAll(
  { admin, isMissingTopic }: CollectOptions,
  subscriptions: readonly Subscription[],
): Promise<readonly Outcome[]> {
  return Promise.all(
    subscriptions.map(async ({ group, topic }): Promise<Outcome> => {
      try {
        // The commits first: what is written between the two counts as lag.
        const committed = await admin.committedOffsets(group, topic);
        return { atMs: performance.now(), committed, offsets: await admin.topicOffsets(topic) };
      } catch (error) {
        return { error: messageOf(error), missing: isMissingTopic(error) };
      }
    }),
  );
}

function report(subscription: Subscription, first: Outcome, second: Outcome): TopicReport {
  if ('error' in second) {
    const reason = second.missing ? 'the topic does not exist; `sluice topics` creates it' : second.error;
    const lag: Lag = { kind: 'unknown', reason };
    return { ...subscription, partitions: undefined, rates: undefined, lag, failed: !second.missing };
  }
  return {
    ...subscription,
    partitions: second.offsets.length,
    lag: lagOf(second),
    rates: 'error' in first ? undefined : ratesOf(first, second),
    failed: false,
  };
}
