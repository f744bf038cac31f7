import { deadLetterTopicOf, topicOf } from '../domain/events.ts';
import { STAGES, consumedBy } from '../domain/stages.ts';
import { EVENT_NAMES, ORDERS, isPublished } from '../domain/state-machine.ts';
import type { TopicSpec } from './port.ts';

/** Every topic the pipeline writes to: one per published event, and a dead-letter topic per consumed one. */
export function topicSpecs(prefix: string, partitions: number): TopicSpec[] {
  const events = EVENT_NAMES.filter(isPublished).map((event) => topicOf(prefix, event));
  const consumed = new Set(STAGES.flatMap((stage) => consumedBy(stage, ORDERS)));
  return [
    ...events.map((topic) => ({ topic, partitions })),
    ...[...consumed].map((event) => ({ topic: deadLetterTopicOf(topicOf(prefix, event)), partitions: 1 })),
  ];
}
