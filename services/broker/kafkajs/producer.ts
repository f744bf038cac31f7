import './record-patch.ts';
import { Partitioners } from 'kafkajs';
import type { TopicMessages } from 'kafkajs';
import type { OutgoingMessage, Producer } from '../port.ts';
import type { ClientOptions } from './client.ts';
import { createKafka } from './client.ts';
import { Connection } from './connection.ts';

/**
 * Not idempotent on purpose: kafkajs loses messages when an idempotent producer has concurrent sends. acks=-1,
 * and consumers that do not mind a duplicate.
 */
export function createProducer(options: ClientOptions): Producer {
  const producer = createKafka(options).producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    metadataMaxAge: 60_000,
  });
  const connection = new Connection(() => producer.connect());
  producer.on(producer.events.DISCONNECT, () => connection.lost());
  return {
    disconnect: () => producer.disconnect(),
    send: async (messages) => {
      await connection.ensure();
      await producer.sendBatch({ topicMessages: byTopic(messages), acks: -1, timeout: 10_000 });
    },
  };
}

function byTopic(messages: readonly OutgoingMessage[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages['messages']>();
  for (const { topic, key, value, headers } of messages) {
    const list = topics.get(topic);
    const message = { key, value, headers };
    if (list) list.push(message);
    else topics.set(topic, [message]);
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
}
