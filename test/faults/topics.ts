import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import { createConsumer } from '../../services/broker/kafkajs/consumer.ts';
import { createProducer } from '../../services/broker/kafkajs/producer.ts';
import type { BrokerAdmin, IncomingMessage, OutgoingMessage } from '../../services/broker/port.ts';
import { until } from '../fixtures/until.ts';

const log = createLogger('fault-test', { level: 'silent' });
const CLIENT = 'fault-test';
const READ_MS = 60_000;
const CHUNK = 500;

/** Everything that is on these topics now. */
export async function readAll(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<IncomingMessage[]> {
  const admin = createAdmin({ brokers, clientId: CLIENT, log });
  const ends = await endsOf(admin, topics);
  await admin.disconnect();
  const messages: IncomingMessage[] = [];
  const reached = new Map<string, bigint>();
  const consumer = createConsumer({
    brokers,
    clientId: CLIENT,
    log,
    groupId: `fault-test-${crypto.randomUUID()}`,
    topics,
    onDead: () => {},
    onRestart: () => {},
  });
  await consumer.start({
    onMessages: (batch) => {
      for (const message of batch) {
        messages.push(message);
        reached.set(`${message.topic}/${message.partition}`, BigInt(message.offset) + 1n);
      }
      return Promise.resolve();
    },
    onRevoked: () => {},
    onAssigned: () => {},
  });
  const isRead = () => [...ends].every(([partition, end]) => (reached.get(partition) ?? 0n) >= end);
  await until('all topics to be read', isRead, READ_MS);
  await consumer.stop();
  return messages;
}

/** Sends in the order given, a few hundred at a time. */
export async function sendAll(
  brokers: readonly string[],
  messages: readonly OutgoingMessage[],
): Promise<void> {
  const producer = createProducer({ brokers, clientId: CLIENT, log });
  for (let at = 0; at < messages.length; at += CHUNK) await producer.send(messages.slice(at, at + CHUNK));
  await producer.disconnect();
}

async function endsOf(admin: BrokerAdmin, topics: readonly string[]): Promise<Map<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const topic of topics)
    for (const { partition, high } of await admin.topicOffsets(topic))
      if (high > 0n) ends.set(`${topic}/${partition}`, high);
  return ends;
}
