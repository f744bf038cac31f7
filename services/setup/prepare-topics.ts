import type { BrokerAdmin, TopicSpec } from '../broker/port.ts';
import { NotYetError } from './wait-until-done.ts';

type Admin = Pick<BrokerAdmin, 'ensureTopics' | 'topicOffsets'>;

/**
 * Creates the topics that are missing; resolves to their names. Topics that exist are left as they are: more
 * partitions would send the next events of a key to another one, past those that still wait.
 * @throws NotYetError while Kafka does not answer, or a topic has fewer partitions than it should
 */
export async function prepareTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<string[]> {
  const created = await answered(() => admin.ensureTopics(specs));
  const counts = await answered(() =>
    Promise.all(
      specs.map(async (spec) => ({ ...spec, found: (await admin.topicOffsets(spec.topic)).length })),
    ),
  );
  const short = counts.filter(({ partitions, found }) => found < partitions);
  if (short.length === 0) return created;
  const list = short.map(({ topic, partitions, found }) => `${topic} has ${found} of ${partitions}`);
  throw new NotYetError(
    `too few partitions: ${list.join(', ')}. Add them while nothing waits in these topics, or ask for fewer (SLUICE_PARTITIONS)`,
  );
}

async function answered<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    throw new NotYetError(
      `Kafka does not answer: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
