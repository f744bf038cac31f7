import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  ResourcePatternTypes,
  logLevel,
} from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseOperatorConfig } from '../../operator/config/operator-config.ts';
import { createLagSource } from '../../operator/lag/kafkajs/lag-source.ts';
import { toConnections } from '../../operator/lag/open-security.ts';
import type { LagRequest, LagSource } from '../../operator/loop/ports.ts';
import type { LagReading } from '../../operator/scaling/types.ts';
import type { PrivateBroker } from '../fixtures/private-broker.ts';
import { PASSWORD, startPrivateBroker } from '../fixtures/private-broker.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';

/** In the order of the file: the last tests break the broker for good. */
let broker: PrivateBroker;
let directory: string;
const sources: LagSource[] = [];

const TOPIC = 'open-topic';
const request = (scaler: string, connection: string, topic = TOPIC): LagRequest => ({
  scaler,
  connection,
  consumerGroup: `${topic}-group`,
  topics: [topic],
});

function sourceOf(kafka: object, env: Record<string, string> = {}, readTimeoutMs = 5_000): LagSource {
  const config = parseOperatorConfig(JSON.stringify({ kafka }), 'test');
  const source = createLagSource({ connections: toConnections(config, env), readTimeoutMs });
  sources.push(source);
  return source;
}

async function readOne(source: LagSource, connection: string, topic = TOPIC): Promise<LagReading> {
  return (await source.read([request('one', connection, topic)])).get('one')!;
}

beforeAll(async () => {
  broker = await startPrivateBroker(process.env);
  directory = await temporaryDirectory();
  const admin = new Kafka({ brokers: [broker.plain], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: false,
    topics: [
      { topic: TOPIC, numPartitions: 1 },
      { topic: 'closed-topic', numPartitions: 1 },
    ],
  });
  const allow = (resourceType: AclResourceTypes) => ({
    resourceType,
    resourceName: 'open',
    resourcePatternType: ResourcePatternTypes.PREFIXED,
    principal: 'User:operator',
    host: '*',
    operation: AclOperationTypes.DESCRIBE,
    permissionType: AclPermissionTypes.ALLOW,
  });
  await admin.createAcls({ acl: [allow(AclResourceTypes.TOPIC), allow(AclResourceTypes.GROUP)] });
  await admin.setOffsets({
    groupId: `${TOPIC}-group`,
    topic: TOPIC,
    partitions: [{ partition: 0, offset: '0' }],
  });
  await admin.disconnect();
}, 180_000);
afterAll(async () => {
  await Promise.all(sources.map((source) => source.close()));
  await broker.close();
});

test.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
  'SASL %s: what the user may describe is known, the rest is Unauthorized',
  async (mechanism) => {
    const file = join(directory, `password-${mechanism}`);
    await writeFile(file, `${PASSWORD}\n`);
    const sasl = { mechanism, username: 'operator', password: { file } };
    const source = sourceOf({ main: { brokers: [broker.sasl], sasl } });
    expect(await readOne(source, 'main')).toMatchObject({ kind: 'known' });
    expect(await readOne(source, 'main', 'closed-topic')).toMatchObject({
      kind: 'unknown',
      reason: 'Unauthorized',
      message: expect.stringContaining('closed-topic'),
    });
  },
);

test('of groups that are asked for together, one that may not be described hides no other', async () => {
  const sasl = { mechanism: 'plain', username: 'operator', password: { env: 'P' } };
  const source = sourceOf({ main: { brokers: [broker.sasl], sasl } }, { P: PASSWORD });
  const closed = { ...request('closed', 'main'), consumerGroup: 'closed-group' };
  const readings = await source.read([request('open', 'main'), closed]);
  expect(readings.get('open')).toMatchObject({ kind: 'known' });
  expect(readings.get('closed')).toMatchObject({
    kind: 'unknown',
    reason: 'Unauthorized',
    message: expect.stringContaining('closed-group'),
  });
});

test('a wrong password is Unauthorized; once the file is mended, the lag is known', async () => {
  const file = join(directory, 'wrong');
  await writeFile(file, 'wrong');
  const sasl = { mechanism: 'plain', username: 'operator', password: { file } };
  const source = sourceOf({ main: { brokers: [broker.sasl], sasl } });
  const refused = await readOne(source, 'main');
  expect(refused).toMatchObject({ kind: 'unknown', reason: 'Unauthorized' });
  expect(JSON.stringify(refused)).not.toContain('wrong');
  await writeFile(file, PASSWORD);
  await until('the new password', async () => (await readOne(source, 'main')).kind === 'known');
});

test('a user without any permission', async () => {
  const sasl = { mechanism: 'plain', username: 'stranger', password: { env: 'STRANGER' } };
  const source = sourceOf({ main: { brokers: [broker.sasl], sasl } }, { STRANGER: PASSWORD });
  expect(await readOne(source, 'main')).toMatchObject({ kind: 'unknown', reason: 'Unauthorized' });
});

test('OAUTHBEARER with a token that a server hands out', async () => {
  const now = Math.floor(Date.now() / 1_000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${encode({ alg: 'none' })}.${encode({ sub: 'operator', iat: now, exp: now + 300 })}.`;
  const asked: unknown[] = [];
  const server = createServer((incoming, response) => {
    asked.push(incoming.headers.authorization);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 300 }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sasl = {
    mechanism: 'oauthbearer',
    token: { tokenUrl: `http://127.0.0.1:${port}/token`, clientId: 'me', clientSecret: { env: 'S' } },
  };
  const source = sourceOf({ main: { brokers: [broker.sasl], sasl } }, { S: 'secret' });
  expect(await readOne(source, 'main')).toMatchObject({ kind: 'known' });
  expect(asked[0]).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
  server.close();
});

test('TLS with a client certificate; without one there is no connection', async () => {
  const { caFile, certFile, keyFile } = broker;
  const source = sourceOf({
    certified: { brokers: [broker.tls], tls: { caFile, certFile, keyFile } },
    anonymous: { brokers: [broker.tls], tls: { caFile } },
    distrustful: { brokers: [broker.tls], tls: true },
  });
  expect(await readOne(source, 'certified')).toMatchObject({ kind: 'known' });
  expect(await readOne(source, 'anonymous')).toMatchObject({ kind: 'unknown', reason: 'BrokerUnreachable' });
  expect(await readOne(source, 'distrustful')).toMatchObject({
    reason: 'BrokerUnreachable',
    message: expect.stringMatching(/certificate/),
  });
});

test('a broker that hangs: its scalers are Unknown in time, those of another cluster are known', async () => {
  const source = sourceOf(
    { hanging: { brokers: [broker.plain] }, healthy: { brokers: kafkaBrokers() } },
    {},
    1_000,
  );
  await until('both', async () => (await readOne(source, 'hanging')).kind === 'known');
  broker.freeze();
  try {
    for (let look = 0; look < 3; look++) {
      const startedMs = performance.now();
      const readings = await source.read([
        request('one', 'hanging'),
        // This topic is not there: the cluster has answered.
        request('two', 'healthy', 'topic-of-nobody'),
      ]);
      expect(performance.now() - startedMs).toBeLessThan(1_400);
      expect(readings.get('one')).toMatchObject({ kind: 'unknown', reason: 'ReadTimedOut' });
      expect(readings.get('two')).toMatchObject({ kind: 'unknown', reason: 'TopicMissing' });
    }
  } finally {
    broker.thaw();
  }
  await until('the broker to answer again', async () => (await readOne(source, 'hanging')).kind === 'known');
});

test('a broker that is gone: Unknown at once and few connections; known again when it is back', async () => {
  const source = sourceOf({ main: { brokers: [broker.plain] } });
  await until('the first reading', async () => (await readOne(source, 'main')).kind === 'known');
  await broker.stop();
  const [, port] = broker.plain.split(':');
  let connections = 0;
  const counter = createServer().on('connection', (socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => void counter.listen(Number(port), '127.0.0.1', resolve));
  const untilMs = performance.now() + 4_000;
  let looks = 0;
  while (performance.now() < untilMs) {
    expect(await readOne(source, 'main')).toMatchObject({ kind: 'unknown', reason: 'BrokerUnreachable' });
    looks++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(looks).toBeGreaterThan(100);
  expect(connections).toBeGreaterThan(0);
  expect(connections).toBeLessThan(8);
  await new Promise((resolve) => counter.close(resolve));
  await broker.start();
  await until('the broker', async () => (await readOne(source, 'main')).kind === 'known', 30_000);
});

test('a partition that has lost its leader', async () => {
  const admin = new Kafka({ brokers: [broker.plain], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic: 'open-spread', numPartitions: 8 }] });
  await admin.disconnect();
  const source = sourceOf({ main: { brokers: [broker.plain] } });
  // The broker has just been started: its coordinators may still be loading.
  const isKnown = async () => (await readOne(source, 'main', 'open-spread')).kind === 'known';
  await until('a first reading', isKnown, 30_000);
  await broker.loseLogDirectory();
  const reading = await until(
    'a partition without a leader',
    async () => {
      const found = await readOne(source, 'main', 'open-spread');
      return found.kind === 'unknown' && found.reason === 'PartitionLeaderless' && found;
    },
    30_000,
  );
  expect(reading.message).toMatch(/^open-spread\/\d/);
});
