import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerAdmin } from '../broker/port.ts';
import { topicSpecs } from '../broker/topics.ts';
import { topicOf } from '../domain/events.ts';
import { groupOf } from '../domain/stages.ts';
import { prepareTopics } from '../startup/topics.ts';

const COORDINATOR_ATTEMPTS = 50;

/**
 * Creates the topics that are missing, and asks for a group's offsets once: the broker makes its offsets topic
 * at the first such request, and every consumer would wait for that. Returns how many topics were created.
 * @throws NotYetError where a topic has fewer partitions than asked for: the stages would wait for more
 */
export async function provisionTopics(
  admin: BrokerAdmin,
  prefix: string,
  partitions: number,
): Promise<number> {
  const created = await prepareTopics(admin, topicSpecs(prefix, partitions));
  for (let attempt = 1; ; attempt++) {
    try {
      await admin.committedOffsets(groupOf(prefix, 'validate'), topicOf(prefix, 'new'));
      return created.length;
    } catch (error) {
      if (attempt === COORDINATOR_ATTEMPTS) throw error;
      await sleep(100);
    }
  }
}
