import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parseOperatorConfig } from '../../operator/config/operator-config.ts';
import { internals } from '../../operator/lag/kafkajs/internals.ts';
import { createLagSource } from '../../operator/lag/kafkajs/lag-source.ts';
import { toConnections } from '../../operator/lag/open-security.ts';
import type { LagRequest, LagSource } from '../../operator/loop/ports.ts';
import type { KnownLag, LagReading, PartitionReading } from '../../operator/scaling/types.ts';
import { encodeCommitMetadata } from '../../services/runtime/commit-metadata.ts';
import type { TestBroker } from '../fixtures/broker.ts';
import { createTestBroker } from '../fixtures/broker.ts';
import { startNewProtocolConsumer } from '../fixtures/new-protocol-consumer.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import { until } from '../fixtures/until.ts';

/** What a connection asks a broker for at first. */
interface Versioned {
  apiVersions: (this: Versioned) => Promise<Record<number, { minVersion: number; maxVersion: number }>>;
}

let broker: TestBroker;
let source: LagSource;
const requests = new Map<string, number>();
const admin = new Kafka({ brokers: kafkaBrokers(), logLevel: logLevel.NOTHING }).admin();

beforeAll(async () => {
  broker = createTestBroker('lag');
  const config = parseOperatorConfig(JSON.stringify({ kafka: { default: { brokers: kafkaBrokers() } } }), '');
  source = createLagSource({
    connections: toConnections(config, {}),
    readTimeoutMs: 5_000,
    onRequest: (api) => requests.set(api, (requests.get(api) ?? 0) + 1),
  });
  await admin.connect();
});
beforeEach(() => requests.clear());
afterAll(async () => {
  await Promise.all([source.close(), broker.close(), admin.disconnect()]);
});

async function topicOf(name: string, partitions: number): Promise<string> {
  const topic = broker.topic(name);
  await broker.admin.ensureTopics([{ topic, partitions }]);
  return topic;
}

const requestOf = (scaler: string, topics: readonly string[], group = scaler): LagRequest => ({
  scaler,
  connection: 'default',
  consumerGroup: `${broker.prefix}.${group}`,
  topics,
});

async function readOne(request: LagRequest): Promise<LagReading> {
  return (await source.read([request])).get(request.scaler)!;
}

function known(reading: LagReading): KnownLag {
  if (reading.kind === 'unknown') throw new Error(`${reading.reason}: ${reading.message}`);
  return reading;
}

const at = (reading: LagReading, partition = 0): PartitionReading =>
  known(reading).partitions.find((found) => found.partition === partition)!;

/** Commits as a group without members. */
const commit = (request: LagRequest, offsets: readonly number[]): Promise<unknown> =>
  admin.setOffsets({
    groupId: request.consumerGroup,
    topic: request.topics[0]!,
    partitions: offsets.map((offset, partition) => ({ partition, offset: String(offset) })),
  });

/** kafkajs finds the leader of a topic that it has just heard of at the second attempt. */
const deleteBefore = (topic: string, offset: number): Promise<boolean> =>
  until('records to be deleted', () =>
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] }).then(
      () => true,
      () => false,
    ),
  );

const send = (topic: string, count: number): Promise<void> =>
  broker.producer.send(
    Array.from({ length: count }, (_, n) => ({ topic, key: `K${n}`, value: `${n}`, headers: {} })),
  );

test('a group that has never committed: every partition, no offset, no members', async () => {
  const topic = await topicOf('never', 3);
  await send(topic, 30);
  // The first question about any group makes the broker create the topic of all offsets.
  const reading = await until('the coordinator', async () => {
    const found = await readOne(requestOf('never', [topic]));
    return found.kind === 'known' && found;
  });
  expect(reading.group).toEqual({ state: 'Dead', members: [] });
  expect(reading.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  expect(reading.partitions.map(({ committed }) => committed)).toEqual([undefined, undefined, undefined]);
  expect(reading.partitions.reduce((sum, { begin, end }) => sum + end - begin, 0)).toBe(30);
});

test('a group without members keeps its offsets', async () => {
  const topic = await topicOf('empty', 2);
  await send(topic, 20);
  const request = requestOf('empty', [topic]);
  await commit(request, [3, 4]);
  const reading = known(await readOne(request));
  expect(reading.group).toEqual({ state: 'Empty', members: [] });
  expect(reading.partitions.map(({ committed, load }) => [committed, load])).toEqual([
    [3, undefined],
    [4, undefined],
  ]);
});

test('members with their partitions, and what a replica says of itself', async () => {
  const topic = await topicOf('members', 4);
  await send(topic, 40);
  const request = requestOf('members', [topic]);
  const one = await broker.join('members', [topic]);
  const two = await broker.join('members', [topic]);
  await until('both to share', () => one.assigned.length === 2 && two.assigned.length === 2);
  const { partition } = one.assigned[0]!;
  const metadata = encodeCommitMetadata({ v: 1, r: 'replica-1', b: 1.5, n: 7, f: 2 });
  await one.consumer.commit([{ topic, partition, offset: '1', metadata }]);
  const reading = await until('a stable group', async () => {
    const found = known(await readOne(request));
    return found.group.state === 'Stable' && found;
  });
  expect(reading.group.members).toHaveLength(2);
  expect(new Set(reading.group.members.map(({ id }) => id)).size).toBe(2);
  const assigned = reading.group.members.map((member) => member.assigned!);
  expect(
    assigned
      .flat()
      .map((of) => of.partition)
      .toSorted((a, b) => a - b),
  ).toEqual([0, 1, 2, 3]);
  expect(assigned.map((of) => of.length)).toEqual([2, 2]);
  const load = { replica: 'replica-1', busySeconds: 1.5, settled: 7, inFlight: 2 };
  expect(at(reading, partition)).toMatchObject({ committed: 1, load });
});

test('a group that rebalances is known, and says so', async () => {
  const topic = await topicOf('rebalancing', 2);
  const request = requestOf('rebalancing', [topic]);
  const first = await broker.join('rebalancing', [topic]);
  await until('the first to have all', () => first.assigned.length === 2);
  const states = new Set<string>();
  let joined = false;
  const joining = broker.join('rebalancing', [topic]).then(() => (joined = true));
  await until('a rebalance', async () => {
    states.add(known(await readOne(request)).group.state);
    return joined && states.size > 1;
  });
  await joining;
  expect([...states].some((state) => state.endsWith('Rebalance'))).toBe(true);
  await until('the group to be stable again', async () => {
    const { group } = known(await readOne(request));
    return group.state === 'Stable' && group.members.length === 2;
  });
});

test('a group of the new consumer protocol, with its members', async () => {
  const topic = await topicOf('kip-848', 4);
  await send(topic, 10);
  const request = requestOf('kip-848', [topic]);
  const start = () => startNewProtocolConsumer(request.consumerGroup, topic, process.env);
  const consumers = await Promise.all([start(), start()]);
  const reading = await until(
    'both to share',
    async () => {
      const found = await readOne(request);
      const { state, members } = found.kind === 'known' ? found.group : { state: '', members: [] };
      return (
        state === 'Stable' &&
        members.length === 2 &&
        members.every(({ assigned }) => assigned!.length === 2) &&
        known(found)
      );
    },
    45_000,
  );
  expect(reading.group.members).toHaveLength(2);
  const assigned = reading.group.members.flatMap((member) => member.assigned!);
  expect(assigned.map((of) => of.partition).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  expect(requests.get('ConsumerGroupDescribe')).toBeGreaterThan(0);
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  await until('an empty group', async () => known(await readOne(request)).group.state === 'Empty');
}, 120_000);

test('records that were deleted before they were read: the begin lies behind the commit', async () => {
  const topic = await topicOf('deleted', 1);
  await send(topic, 30);
  const request = requestOf('deleted', [topic]);
  await commit(request, [5]);
  await deleteBefore(topic, 20);
  expect(at(await readOne(request))).toMatchObject({ begin: 20, end: 30, committed: 5 });
});

test('a topic that is made anew: its end falls, and its begin is read again at once', async () => {
  const topic = await topicOf('anew', 1);
  await send(topic, 30);
  const request = requestOf('anew', [topic]);
  await commit(request, [25]);
  await deleteBefore(topic, 10);
  expect(at(await readOne(request))).toMatchObject({ begin: 10, end: 30, committed: 25 });
  await admin.deleteTopics({ topics: [topic] });
  const gone = await until('the topic to be gone', async () => {
    const reading = await readOne(request);
    return reading.kind === 'unknown' && reading;
  });
  expect(gone).toMatchObject({ reason: 'TopicMissing', message: expect.stringContaining(topic) });
  await topicOf('anew', 1);
  await until('the new topic', async () => (await readOne(request)).kind === 'known');
  // Kafka forgets the offsets of a topic that is deleted, if not at once; a group may also set them itself.
  await commit(request, [25]);
  expect(at(await readOne(request))).toMatchObject({ begin: 0, end: 0, committed: 25 });
});

test('a topic that falls back between two looks', async () => {
  const topic = await topicOf('fallen', 1);
  await send(topic, 30);
  const request = requestOf('fallen', [topic]);
  await deleteBefore(topic, 4);
  expect(at(await readOne(request))).toMatchObject({ begin: 4, end: 30 });
  await admin.deleteTopics({ topics: [topic] });
  await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic));
  await topicOf('fallen', 1);
  const other = createTestBroker('fallen');
  await other.producer.send(
    Array.from({ length: 6 }, (_, n) => ({ topic, key: `${n}`, value: '', headers: {} })),
  );
  await other.close();
  // The end is above the begin of the old topic, and below its end.
  expect(at(await readOne(request))).toMatchObject({ begin: 0, end: 6 });
});

test('partitions that are added are seen within the age of the metadata', async () => {
  const topic = await topicOf('added', 2);
  const request = requestOf('added', [topic]);
  expect(known(await readOne(request)).partitions).toHaveLength(2);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
  const reading = await until('five partitions', async () => {
    const found = known(await readOne(request));
    return found.partitions.length === 5 && found;
  });
  expect(reading.partitions.map(({ begin, end }) => [begin, end])).toEqual(
    Array.from({ length: 5 }, () => [0, 0]),
  );
});

test('one scaler that cannot be read does not hide the others', async () => {
  const topic = await topicOf('healthy', 1);
  await send(topic, 3);
  const readings = await source.read([
    requestOf('healthy', [topic]),
    requestOf('half-missing', [topic, broker.topic('not-there')]),
    { ...requestOf('elsewhere', [topic]), connection: 'nobody-knows' },
  ]);
  expect(at(readings.get('healthy')!)).toMatchObject({ end: 3 });
  expect(readings.get('half-missing')).toMatchObject({ kind: 'unknown', reason: 'TopicMissing' });
  expect(readings.get('elsewhere')).toMatchObject({
    kind: 'unknown',
    message: expect.stringContaining('nobody-knows'),
  });
});

/** As many groups, on topics that overlap. */
async function manyRequests(name: string, count: number): Promise<LagRequest[]> {
  const topics = ['a', 'b', 'c', 'd'].map((suffix) => broker.topic(`${name}-${suffix}`));
  await broker.admin.ensureTopics(topics.map((topic) => ({ topic, partitions: 6 })));
  return Array.from({ length: count }, (_, n) =>
    requestOf(`${name}-${n}`, [topics[n % 4]!, topics[(n + 1) % 4]!]),
  );
}

test.each([12, 120])('requests: one of each kind per broker, for %i groups', async (count) => {
  const all = await manyRequests(`count-${count}`, count);
  await source.read(all);
  expect(Object.fromEntries(requests)).toEqual({
    Metadata: 1,
    FindCoordinator: 1,
    OffsetFetch: 1,
    DescribeGroups: 1,
    // They have no members: they may be of the new protocol.
    ConsumerGroupDescribe: 1,
    // The ends, and the begins of what has not been read before.
    ListOffsets: 2,
  });
  requests.clear();
  const readings = await source.read(all);
  expect([...readings.values()].every(({ kind }) => kind === 'known')).toBe(true);
  expect(Object.fromEntries(requests)).toEqual({
    OffsetFetch: 1,
    DescribeGroups: 1,
    ConsumerGroupDescribe: 1,
    ListOffsets: 1,
  });
});

test('a broker that is older than Kafka 3.0 is asked for one group at a time, and the readings are the same', async () => {
  const all = await manyRequests('old', 12);
  await commit(all[3]!, [0, 0, 0]);
  const expected = await source.read(all);
  const { prototype } = internals.Broker as unknown as { prototype: Versioned };
  const asNew = prototype.apiVersions;
  const old = vi.spyOn(prototype, 'apiVersions').mockImplementation(async function asOld(this: Versioned) {
    const versions = await asNew.call(this);
    return { ...versions, 9: { minVersion: 1, maxVersion: 7 }, 10: { minVersion: 0, maxVersion: 3 } };
  });
  const config = parseOperatorConfig(JSON.stringify({ kafka: { default: { brokers: kafkaBrokers() } } }), '');
  const counts = new Map<string, number>();
  const asking = createLagSource({
    connections: toConnections(config, {}),
    readTimeoutMs: 5_000,
    onRequest: (api) => counts.set(api, (counts.get(api) ?? 0) + 1),
  });
  expect(await asking.read(all)).toEqual(expected);
  expect(counts.get('OffsetFetch')).toBe(12);
  expect(counts.get('FindCoordinator')).toBe(12);
  await asking.close();
  old.mockRestore();
});

test('two scalers of one group share its request', async () => {
  const topics = [await topicOf('shared-a', 1), await topicOf('shared-b', 1)];
  const both = topics.map((topic, n) => requestOf(`shared-${n}`, [topic], 'shared'));
  await source.read(both);
  requests.clear();
  const readings = await source.read(both);
  expect(requests.get('OffsetFetch')).toBe(1);
  expect(both.map(({ scaler }) => known(readings.get(scaler)!).partitions[0]!.topic)).toEqual(topics);
});

test('nothing is asked for nobody', async () => {
  expect((await source.read([])).size).toBe(0);
  expect(requests.size).toBe(0);
});
