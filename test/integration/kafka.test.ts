import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isMissingTopic, isRefusedMessage } from '../../services/broker/kafkajs/error-type.ts';
import { createProducer } from '../../services/broker/kafkajs/producer.ts';
import type { OutgoingMessage } from '../../services/broker/port.ts';
import { topicSpecs } from '../../services/broker/topics.ts';
import type { TestBroker } from '../fixtures/broker.ts';
import { clientOptions, createTestBroker } from '../fixtures/broker.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import { until } from '../fixtures/until.ts';

let broker: TestBroker;

beforeAll(() => {
  broker = createTestBroker('kafka');
});
afterAll(() => broker.close());

async function topicOf(name: string, partitions: number): Promise<string> {
  const topic = broker.topic(name);
  await broker.admin.ensureTopics([{ topic, partitions }]);
  return topic;
}

const outgoing = (topic: string, n: number, key = `K${n % 10}`): OutgoingMessage => ({
  topic,
  key,
  value: `value ${n}`,
  headers: { n: String(n) },
});

test('what is written is what is read: key, value and headers, bytes and text', async () => {
  const topic = await topicOf('round-trip', 1);
  const headers = {
    ce_type: 't',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ümlaut: 'ä€😀',
    empty: '',
  };
  await broker.producer.send([
    { topic, key: 'ä€', value: '{"a":"😀"}', headers },
    { topic, key: Buffer.from([0, 255]), value: Buffer.from([1, 0, 254]), headers: {} },
    { topic, key: null, value: null, headers: {} },
  ]);
  const before = Date.now();
  const member = await broker.join('round-trip', [topic]);
  await until('three messages', () => member.read.length === 3);
  const [text, bytes, none] = member.read;
  expect(text).toMatchObject({ topic, partition: 0, offset: '0', headers });
  expect(text!.key!.toString()).toBe('ä€');
  expect(text!.value!.toString()).toBe('{"a":"😀"}');
  expect(Math.abs(text!.timestampMs - before)).toBeLessThan(60_000);
  expect(bytes).toMatchObject({ key: Buffer.from([0, 255]), value: Buffer.from([1, 0, 254]), headers: {} });
  expect(none).toMatchObject({ offset: '2', key: null, value: null });
  expect(Date.now() - member.consumer.lastActivityMs()).toBeLessThan(5_000);
});

test('several topics in one send; each key keeps to its partition and its order', async () => {
  const topics = [await topicOf('order-a', 4), await topicOf('order-b', 4)];
  for (let n = 0; n < 200; n += 20)
    await broker.producer.send(
      Array.from({ length: 20 }, (_, i) => n + i).flatMap((m) => topics.map((topic) => outgoing(topic, m))),
    );
  const member = await broker.join('order', topics);
  await until('400 messages', () => member.read.length === 400);
  for (const topic of topics)
    for (let key = 0; key < 10; key++) {
      const mine = member.read.filter((m) => m.topic === topic && m.key!.toString() === `K${key}`);
      expect(new Set(mine.map(({ partition }) => partition)).size).toBe(1);
      expect(mine.map(({ headers }) => Number(headers['n']))).toEqual(
        Array.from({ length: 20 }, (_, i) => key + 10 * i),
      );
    }
  expect(new Set(member.read.map(({ partition }) => partition)).size).toBeGreaterThan(1);
});

test('a commit is read back with its metadata, and a new member begins behind it', async () => {
  const topic = await topicOf('commit', 2);
  await broker.producer.send(Array.from({ length: 40 }, (_, n) => outgoing(topic, n)));
  const group = `${broker.prefix}.commit`;
  const unread = await broker.admin.committedOffsets(group, topic);
  expect(unread.map(({ offset }) => offset)).toEqual([undefined, undefined]);
  const member = await broker.join('commit', [topic]);
  await until('40 messages', () => member.read.length === 40);
  const metadata = JSON.stringify({ v: 1, r: 'r', b: 1.5, n: 3, f: 0 });
  await member.consumer.commit([{ topic, partition: 0, offset: '3', metadata }]);
  const committed = await broker.admin.committedOffsets(group, topic);
  expect(committed.find(({ partition }) => partition === 0)).toEqual({ partition: 0, offset: 3n, metadata });
  expect(committed.find(({ partition }) => partition === 1)!.offset).toBeUndefined();
  const offsets = await broker.admin.topicOffsets(topic);
  expect(offsets.map(({ low }) => low)).toEqual([0n, 0n]);
  expect(offsets.reduce((sum, { high }) => sum + high, 0n)).toBe(40n);
  // Not ours: left out, and no error.
  await member.consumer.commit([{ topic: 'another', partition: 0, offset: '1', metadata: '' }]);
  await member.consumer.stop();
  const next = await broker.join('commit', [topic]);
  await until('what was not committed', () => next.read.length === 37);
  const first = next.read.filter(({ partition }) => partition === 0);
  expect(first[0]!.offset).toBe('3');
});

test('ensureTopics creates what is missing, and nothing twice', async () => {
  const specs = topicSpecs(broker.prefix, 3);
  expect((await broker.admin.ensureTopics(specs)).toSorted()).toEqual(
    specs.map(({ topic }) => topic).toSorted(),
  );
  expect(await broker.admin.ensureTopics(specs)).toEqual([]);
  const more = broker.topic('one-more');
  expect(await broker.admin.ensureTopics([...specs, { topic: more, partitions: 1 }])).toEqual([more]);
  expect((await broker.admin.topicOffsets(`${broker.prefix}.transactions.new`)).length).toBe(3);
});

test('two that create the same topics at the same time both succeed', async () => {
  const other = createTestBroker('other');
  const specs = Array.from({ length: 5 }, (_, n) => ({ topic: broker.topic(`race-${n}`), partitions: 2 }));
  await Promise.all([broker.admin.ensureTopics(specs), other.admin.ensureTopics(specs)]);
  for (const { topic } of specs) expect((await broker.admin.topicOffsets(topic)).length).toBe(2);
  await other.close();
});

test('tells a missing topic and a refused message from other failures', async () => {
  const impatient = createProducer({ ...clientOptions(), retry: { retries: 1, initialRetryTime: 50 } });
  const missing = await impatient
    .send([outgoing(broker.topic('never-created'), 1)])
    .catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(Error);
  expect(isMissingTopic(missing)).toBe(true);
  expect(isRefusedMessage(missing)).toBe(false);
  const topic = await topicOf('small', 1);
  const large = await impatient
    .send([{ topic, key: 'k', value: Buffer.alloc(2_000_000, 1), headers: {} }])
    .catch((error: unknown) => error);
  expect(isRefusedMessage(large)).toBe(true);
  expect(isMissingTopic(large)).toBe(false);
  const nobody = createProducer({ ...clientOptions(), brokers: ['127.0.0.1:1'], retry: { retries: 0 } });
  const away = await nobody.send([outgoing(topic, 1)]).catch((error: unknown) => error);
  expect(away).toBeInstanceOf(Error);
  expect(isMissingTopic(away) || isRefusedMessage(away)).toBe(false);
  await Promise.all([impatient.disconnect(), nobody.disconnect()]);
});

test('a producer that was disconnected connects again', async () => {
  const topic = await topicOf('again', 1);
  const producer = createProducer(clientOptions());
  await producer.send([outgoing(topic, 1)]);
  await producer.disconnect();
  await producer.send([outgoing(topic, 2)]);
  await producer.disconnect();
  expect((await broker.admin.topicOffsets(topic))[0]!.high).toBe(2n);
});

test('members come and go: nothing is lost, nothing is committed that was not read', async () => {
  const topic = await topicOf('members', 4);
  const group = `${broker.prefix}.members`;
  const sent = 300;
  const send = (async () => {
    for (let n = 0; n < sent; n += 5) {
      await broker.producer.send(Array.from({ length: 5 }, (_, i) => outgoing(topic, n + i, `K${n + i}`)));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  const one = await broker.join('members', [topic]);
  await until('the first member to have all', () => one.assigned.length === 4);
  const commitAll = async (member: typeof one): Promise<void> => {
    const last = new Map<number, bigint>();
    for (const { partition, offset } of member.read) last.set(partition, BigInt(offset) + 1n);
    const ours = [...last].filter(([p]) => member.assigned.some(({ partition }) => partition === p));
    const commits = ours.map(([partition, offset]) => ({
      topic,
      partition,
      offset: String(offset),
      metadata: '',
    }));
    await member.consumer.commit(commits).catch(() => {});
  };
  await until('some messages', () => one.read.length > 20);
  await commitAll(one);
  const two = await broker.join('members', [topic]);
  await until('both to share', () => one.assigned.length === 2 && two.assigned.length === 2);
  await commitAll(two);
  await two.consumer.stop();
  await until('the first to have all again', () => one.assigned.length === 4);
  await send;
  const all = (): Set<string | undefined> =>
    new Set([...one.read, ...two.read].map(({ headers }) => headers['n']));
  await until('every message', () => all().size === sent);
  await commitAll(one);
  const ends = await broker.admin.topicOffsets(topic);
  const committed = await broker.admin.committedOffsets(group, topic);
  for (const { partition, high } of ends)
    expect(committed.find((c) => c.partition === partition)!.offset).toBe(high);
  expect(one.deaths.concat(two.deaths)).toEqual([]);
});

test('a topic that is made anew under a running consumer is read from its beginning', async () => {
  const topic = await topicOf('anew', 1);
  await broker.producer.send(Array.from({ length: 30 }, (_, n) => outgoing(topic, n)));
  const member = await broker.join('anew', [topic]);
  await until('30 messages', () => member.read.length === 30);
  await member.consumer.commit([{ topic, partition: 0, offset: '30', metadata: '' }]);
  await deleteTopics([topic]);
  await broker.admin.ensureTopics([{ topic, partitions: 1 }]);
  const producer = createProducer(clientOptions());
  await producer.send(Array.from({ length: 5 }, (_, n) => outgoing(topic, 100 + n)));
  await producer.disconnect();
  await until('the new messages', () => member.read.length >= 35, 40_000);
  expect(member.read.slice(-5).map(({ offset }) => offset)).toEqual(['0', '1', '2', '3', '4']);
  expect(member.deaths).toEqual([]);
});

test('topics that are lost are created again by the client that knew them', async () => {
  const topics = ['lost-a', 'lost-b'].map((name) => ({ topic: broker.topic(name), partitions: 1 }));
  await broker.admin.ensureTopics(topics);
  for (const { topic } of topics) await broker.admin.topicOffsets(topic);
  const producer = createProducer({ ...clientOptions(), retry: { retries: 1 } });
  await producer.send(topics.map(({ topic }) => outgoing(topic, 1)));
  await deleteTopics(topics.map(({ topic }) => topic));
  expect(await broker.admin.ensureTopics(topics)).toEqual(topics.map(({ topic }) => topic));
  for (const { topic } of topics) expect((await broker.admin.topicOffsets(topic))[0]!.high).toBe(0n);
  await until('the producer to find the new topics', async () => {
    const failure = await producer
      .send(topics.map(({ topic }) => outgoing(topic, 2)))
      .catch((e: unknown) => e);
    return failure === undefined;
  });
  await producer.disconnect();
});

async function deleteTopics(topics: string[]): Promise<void> {
  const admin = new Kafka({ brokers: kafkaBrokers(), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics });
  await until('the topics to be gone', async () => {
    const left = await admin.listTopics();
    return !topics.some((topic) => left.includes(topic));
  });
  await admin.disconnect();
}

test('an idle connection arms next to no timers', async () => {
  const topic = await topicOf('idle', 1);
  const producer = createProducer(clientOptions());
  await producer.send([outgoing(topic, 1)]);
  const original = globalThis.setTimeout;
  let armed = 0;
  globalThis.setTimeout = Object.assign((...args: Parameters<typeof original>) => {
    armed++;
    return original(...args);
  }, original);
  try {
    await new Promise((resolve) => original(resolve, 1_000));
  } finally {
    globalThis.setTimeout = original;
  }
  await producer.disconnect();
  // Unpatched it is some 880 a second for each connection; the consumers of this file account for a few.
  expect(armed).toBeLessThan(200);
});
