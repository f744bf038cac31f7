import type { BrokerAdmin, TopicSpec } from '../broker/port.ts';
import { messageOf } from '../error-message.ts';
import { NotYetError } from './wait-until-done.ts';

/**
 * Creates the topics that are missing; resolves to their names. Topics that exist are left as they are: more
 * partitions would send the next events of a key to another one, past those that still wait.
 * @throws NotYetError while Kafka does not answer, or a topic has fewer partitions than it should
 */
export async function prepareTopics(
  admin: Pick<BrokerAdmin, 'ensureTopics' | 'partitionCount'>,
  specs: readonly TopicSpec[],
): Promise<string[]> {
  const created = await answered(() => admin.ensureTopics(specs));
  await checkTopics(admin, specs);
  return created;
}

/** @throws NotYetError while Kafka does not answer, or a topic is missing or has fewer partitions than it should */
export async function checkTopics(
  admin: Pick<BrokerAdmin, 'partitionCount'>,
  specs: readonly TopicSpec[],
): Promise<void> {
  const counts = await answered(() => Promise.all(specs.map(({ topic }) => admin.partitionCount(topic))));
  const found = specs.map((spec, index) => ({ ...spec, found: counts[index]! }));
  const missing = found.filter((spec) => spec.found === 0).map(({ topic }) => topic);
  const short = found.filter((spec) => spec.found > 0 && spec.found < spec.partitions);
  const list = short.map((spec) => `${spec.topic} has ${spec.found} of ${spec.partitions}`);
  const reasons = [
    ...(missing.length > 0
      ? [`Kafka lacks ${missing.join(', ')}: \`sluice topics\` creates what is missing`]
      : []),
    ...(list.length > 0
      ? [
          `too few partitions: ${list.join(', ')}. Add them while nothing waits in these topics, or ask for fewer (SLUICE_PARTITIONS)`,
        ]
      : []),
  ];
  if (reasons.length > 0) throw new NotYetError(reasons.join('; '));
}

async function answered<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    throw new NotYetError(`Kafka cannot be asked: ${messageOf(error)}`, { cause: error });
  }
}
