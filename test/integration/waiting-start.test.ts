import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { topicSpecs } from '../../services/broker/topics.ts';
import { PortAllocator } from '../../services/local/free-port.ts';
import { migrate } from '../../services/store/migrate.ts';
import type { TestBroker } from '../fixtures/broker.ts';
import { createTestBroker } from '../fixtures/broker.ts';
import type { ServiceProcess } from '../fixtures/service-process.ts';
import { startSluice } from '../fixtures/service-process.ts';
import { databaseServerUrl, kafkaBrokers } from '../fixtures/services-under-test.ts';
import { until } from '../fixtures/until.ts';

/** Each needs the database; the last two Kafka as well. */
const ROLES = [['api'], ['relay'], ['stage', 'validate']] as const;

const ports = new PortAllocator();
const started: ServiceProcess[] = [];
let broker: TestBroker;
beforeAll(() => {
  broker = createTestBroker('waiting');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((process) => process.stop()));
});
afterAll(async () => {
  await broker.close();
  await ports.releaseAll();
});

function start(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
  const process = startSluice(args, {
    API_PORT: '0',
    SLUICE_TOPIC_PREFIX: broker.prefix,
    SLUICE_PARTITIONS: '3',
    SLUICE_CREATE_TOPICS: 'false',
    ...env,
  });
  started.push(process);
  return process;
}

/** Alive and not ready, for this reason. */
const waitingFor = (process: ServiceProcess, reason: RegExp): Promise<true> =>
  until(
    `${process.child.spawnargs.slice(2).join(' ')} to wait for ${reason}`,
    async () => {
      const [live, ready] = await Promise.all([process.probe('/livez'), process.probe('/readyz')]);
      expect(live.status).toBe(200);
      return ready.status === 503 && reason.test(ready.reason ?? '');
    },
    40_000,
  );

const warnings = (process: ServiceProcess): string[] =>
  process.lines().flatMap(({ level, msg }) => (level === 'warn' ? [msg] : []));

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseServerUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function withKafka(work: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>): Promise<void> {
  const admin = new Kafka({ brokers: kafkaBrokers(), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A server whose port is closed until `open`, and then leads to the real one. */
async function lateServer(
  target: URL,
): Promise<{ readonly port: number; open(): Promise<void>; close(): void }> {
  const port = await ports.any();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    for (const end of [socket, onward]) sockets.add(end.on('error', () => {}));
    socket.pipe(onward).pipe(socket);
  });
  return {
    port,
    open: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('database, schema, topics and partitions come one after the other; every process waits, says so, and goes on', async () => {
  const name = `waiting_${crypto.randomUUID().slice(0, 8)}`;
  const database = new URL(databaseServerUrl());
  database.pathname = `/${name}`;
  const env = { DATABASE_URL: database.href, KAFKA_BROKERS: kafkaBrokers().join(',') };
  const [api, relay, validate] = ROLES.map((args) => start(args, env));
  const all = [api!, relay!, validate!];
  const consumers = [relay!, validate!];
  try {
    await Promise.all(
      all.map((process) => waitingFor(process, new RegExp(`^waiting: the database .*/${name} is not there`))),
    );
    await Promise.all(consumers.map((process) => waitingFor(process, /; Kafka lacks .*transactions\.new/)));

    await onServer(`create database ${name}`);
    await Promise.all(all.map((process) => waitingFor(process, /schema of .* lacks 000001_pipeline\.sql/)));

    await migrate(database.href);
    await api!.ready();
    await Promise.all(consumers.map((process) => waitingFor(process, /^waiting: Kafka lacks/)));

    const specs = topicSpecs(broker.prefix, 3);
    await broker.admin.ensureTopics(specs.map((spec) => ({ ...spec, partitions: 1 })));
    await Promise.all(
      consumers.map((process) => waitingFor(process, /^waiting: too few partitions: .* has 1 of 3/)),
    );

    const wanted = specs.filter(({ partitions }) => partitions > 1);
    await withKafka((admin) =>
      admin.createPartitions({
        topicPartitions: wanted.map(({ topic, partitions }) => ({ topic, count: partitions })),
      }),
    );
    await Promise.all(consumers.map((process) => process.ready()));
    // Each thing that was missing is told when it is first seen, and not in every second.
    for (const process of all) {
      const told = warnings(process).filter((line) => line.startsWith('waiting: '));
      expect(told.length).toBeGreaterThan(1);
      expect(told.length).toBeLessThan(12);
    }
  } finally {
    await Promise.all(started.splice(0).map((process) => process.stop()));
    await onServer(`drop database if exists ${name} with (force)`);
  }
});

test('Kafka and Postgres come up late', async () => {
  const [kafka] = kafkaBrokers();
  const [lateKafka, latePostgres] = await Promise.all([
    lateServer(new URL(`kafka://${kafka}`)),
    lateServer(new URL(databaseServerUrl())),
  ]);
  const name = `late_${crypto.randomUUID().slice(0, 8)}`;
  await onServer(`create database ${name}`);
  const real = new URL(databaseServerUrl());
  real.pathname = `/${name}`;
  await Promise.all([migrate(real.href), broker.admin.ensureTopics(topicSpecs(`${broker.prefix}-late`, 3))]);
  const late = new URL(real);
  late.port = String(latePostgres.port);
  const env = {
    DATABASE_URL: late.href,
    KAFKA_BROKERS: `127.0.0.1:${lateKafka.port}`,
    SLUICE_TOPIC_PREFIX: `${broker.prefix}-late`,
  };
  const [api, relay, validate] = ROLES.map((args) => start(args, env));
  try {
    await waitingFor(api!, /^waiting: the database .* ECONNREFUSED/);
    for (const process of [relay!, validate!])
      await waitingFor(
        process,
        /^waiting: the database .* ECONNREFUSED.*; Kafka cannot be asked: .*ECONNREFUSED/,
      );
    await latePostgres.open();
    await api!.ready();
    for (const process of [relay!, validate!])
      await waitingFor(process, /^waiting: Kafka cannot be asked: .*ECONNREFUSED/);
    await lateKafka.open();
    await Promise.all([relay!.ready(), validate!.ready()]);
    for (const process of [api!, relay!, validate!]) expect(process.child.exitCode).toBeNull();
  } finally {
    await Promise.all(started.splice(0).map((process) => process.stop()));
    for (const server of [lateKafka, latePostgres]) server.close();
    await onServer(`drop database if exists ${name} with (force)`);
  }
});

test('for names that nobody knows it gives up after a time, and ends with 1 and what was missing', async () => {
  const env = {
    DATABASE_URL: 'postgres://sluice:secret@postgres.invalid:5432/sluice',
    KAFKA_BROKERS: 'kafka.invalid:9092',
    START_TIMEOUT_SECONDS: '2',
  };
  const processes = ROLES.map((args) => start(args, env));
  expect(await Promise.all(processes.map((process) => process.exitCode()))).toEqual([1, 1, 1]);
  const [api, ...consumers] = processes.map((process) => process.lines().at(-1)!);
  for (const last of [api!, ...consumers]) {
    expect(last.level).toBe('fatal');
    expect(last.msg).toMatch(
      /^Given up after \d+ s: the database postgres\.invalid:5432\/sluice is not there: /,
    );
    expect(last.msg).toMatch(/ENOTFOUND|EAI_AGAIN/);
  }
  for (const { msg } of consumers) expect(msg).toMatch(/Kafka cannot be asked: .*kafka\.invalid/);
  for (const process of processes) expect(process.stdout()).not.toContain('secret');
});

test('a process that waits ends at once when it is told to, even for a server that never answers', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const env = {
    DATABASE_URL: `postgres://127.0.0.1:${port}/sluice`,
    KAFKA_BROKERS: `127.0.0.1:${port}`,
  };
  try {
    const processes = ROLES.map((args) => start(args, env));
    // Postgres by each, Kafka by two of them.
    await until('all to ask', () => sockets.size >= 5, 40_000);
    const beganMs = performance.now();
    for (const process of processes) process.child.kill('SIGTERM');
    expect(await Promise.all(processes.map((process) => process.exitCode()))).toEqual([0, 0, 0]);
    expect(performance.now() - beganMs).toBeLessThan(10_000);
  } finally {
    silent.close();
    for (const socket of sockets) socket.destroy();
  }
});
