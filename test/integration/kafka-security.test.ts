import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import type { ClientOptions } from '../../services/broker/kafkajs/client.ts';
import { createConsumer } from '../../services/broker/kafkajs/consumer.ts';
import { createProducer } from '../../services/broker/kafkajs/producer.ts';
import type { BrokerAdmin } from '../../services/broker/port.ts';
import { connectionOf } from '../../services/broker/security.ts';
import { brokerConfig, parseConfig } from '../../services/config.ts';
import { seedAccounts } from '../../services/store/seed.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import type { PrivateBroker } from '../fixtures/private-broker.ts';
import { PASSWORD, startPrivateBroker } from '../fixtures/private-broker.ts';
import type { ServiceProcess } from '../fixtures/service-process.ts';
import { startProcess, startSluice } from '../fixtures/service-process.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { submission } from '../fixtures/transactions.ts';
import { until } from '../fixtures/until.ts';

type Variables = Record<string, string>;

let broker: PrivateBroker;
let directory: string;
let passwordFile: string;
beforeAll(async () => {
  [broker, directory] = await Promise.all([startPrivateBroker(process.env), temporaryDirectory()]);
  passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${PASSWORD}\n`);
}, 120_000);
afterAll(() => broker?.close());

const optionsOf = (variables: Variables): ClientOptions => ({
  ...connectionOf(parseConfig(brokerConfig, variables)),
  clientId: 'security-test',
  log: pino({ level: 'silent' }),
  retry: { retries: 0 },
});

/** The variables of each way in, as the chart sets them. */
const WAYS: Record<string, () => Variables> = {
  'PLAIN, with the password in the environment': () => ({
    KAFKA_BROKERS: broker.sasl,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'services',
    KAFKA_SASL_PASSWORD: PASSWORD,
  }),
  'SCRAM-SHA-256, with the password in a file': () => ({
    KAFKA_BROKERS: broker.sasl,
    KAFKA_SASL_MECHANISM: 'scram-sha-256',
    KAFKA_SASL_USERNAME: 'services',
    KAFKA_SASL_PASSWORD_FILE: passwordFile,
  }),
  'SCRAM-SHA-512 over TLS': secured,
  'client certificates': certified,
};

function secured(): Variables {
  return {
    KAFKA_BROKERS: broker.secured,
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: broker.caFile,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'services',
    KAFKA_SASL_PASSWORD_FILE: passwordFile,
  };
}

function certified(): Variables {
  return {
    KAFKA_BROKERS: broker.tls,
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: broker.caFile,
    KAFKA_TLS_CERT_FILE: broker.certFile,
    KAFKA_TLS_KEY_FILE: broker.keyFile,
  };
}

test.each(Object.entries(WAYS))('admin, producer and consumer by %s', async (way, variables) => {
  const options = optionsOf(variables());
  const topic = `way-${Object.keys(WAYS).indexOf(way)}`;
  const [admin, producer] = [createAdmin(options), createProducer(options)];
  const read: string[] = [];
  const consumer = createConsumer({
    ...options,
    groupId: `${topic}-group`,
    topics: [topic],
    onDead: (error) => expect.unreachable(error.message),
    onRestart: () => {},
  });
  await admin.ensureTopics([{ topic, partitions: 2 }]);
  expect(await admin.partitionCount(topic)).toBe(2);
  await producer.send([{ topic, key: 'k', value: 'by this way', headers: {} }]);
  await consumer.start({
    onMessages: async (messages) => void read.push(...messages.map(({ value }) => String(value))),
    onRevoked: () => {},
    onAssigned: () => {},
  });
  await until('the message', () => read.length > 0);
  expect(read).toEqual(['by this way']);
  await Promise.all([consumer.stop(), producer.disconnect(), admin.disconnect()]);
});

async function asked(variables: Variables): Promise<string> {
  const admin = createAdmin(optionsOf(variables));
  try {
    await admin.partitionCount('nothing');
    return 'answered';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await admin.disconnect();
  }
}

describe('is refused', () => {
  test.each<[string, () => Variables, RegExp]>([
    ['a wrong password', () => ({ ...secured(), ...text('wrong') }), /authentication failed/i],
    ['an unknown user', () => ({ ...secured(), KAFKA_SASL_USERNAME: 'nobody' }), /authentication failed/i],
    ['a user without SCRAM credentials', stranger, /authentication failed/i],
    ['a broker of an authority that is not trusted', untrusting, /self-signed certificate/i],
    ['a client without a certificate', without, /bad certificate|certificate required/i],
  ])('%s', async (_name, variables, expected) => {
    expect(await asked(variables())).toMatch(expected);
  });

  const text = (password: string): Variables => ({
    KAFKA_SASL_PASSWORD_FILE: '',
    KAFKA_SASL_PASSWORD: password,
  });

  /** Known by PLAIN alone. */
  function stranger(): Variables {
    return { ...secured(), KAFKA_SASL_USERNAME: 'stranger' };
  }

  function untrusting(): Variables {
    return { ...secured(), KAFKA_TLS_CA_FILE: '' };
  }

  function without(): Variables {
    return { ...certified(), KAFKA_TLS_CERT_FILE: '', KAFKA_TLS_KEY_FILE: '' };
  }
});

describe('what is rotated is used from the next connection on', () => {
  const answers = async (admin: BrokerAdmin): Promise<string> =>
    admin.partitionCount('nothing').then(
      () => 'answered',
      (error: Error) => error.message,
    );

  test('a password', async () => {
    const file = join(directory, 'rotated');
    await writeFile(file, 'of yesterday');
    const admin = createAdmin(optionsOf({ ...secured(), KAFKA_SASL_PASSWORD_FILE: file }));
    expect(await answers(admin)).toMatch(/authentication failed/i);
    await writeFile(file, PASSWORD);
    expect(await answers(admin)).toBe('answered');
    await admin.disconnect();
  });

  test('a certificate of an authority', async () => {
    const file = join(directory, 'rotated.crt');
    await copyFile(broker.certFile, file);
    const admin = createAdmin(optionsOf({ ...secured(), KAFKA_TLS_CA_FILE: file }));
    expect(await answers(admin)).toMatch(/self-signed certificate/i);
    await copyFile(broker.caFile, file);
    expect(await answers(admin)).toBe('answered');
    await admin.disconnect();
  });
});

describe('processes', () => {
  let database: TestDatabase;
  let env: Variables;
  const started: ServiceProcess[] = [];
  beforeAll(async () => {
    database = await createTestDatabase('security');
    await seedAccounts(database.url, 2);
    env = {
      ...secured(),
      DATABASE_URL: database.url,
      SLUICE_TOPIC_PREFIX: 'processes',
      SLUICE_PARTITIONS: '2',
    };
  });
  afterAll(async () => {
    await Promise.all(started.map((process) => process.stop()));
    await database?.drop();
  });

  test('the set-up makes the topics, relay and stages work on them, the command line reads them', async () => {
    const setup = startProcess(['services/setup/main.ts', 'topics'], env);
    expect(await setup.exitCode()).toBe(0);
    started.push(
      startSluice(['relay'], { ...env, SLUICE_CREATE_TOPICS: 'false' }),
      startSluice(['stage', 'validate'], env),
    );
    await Promise.all(started.map((process) => process.ready()));
    const store = database.store(2);
    const sent = submission();
    await store.accept([sent]);
    await until('it to be validated', async () => (await store.find(sent.id))?.state === 'validated');

    const lag = startSluice(['lag', '--sample', '0s', '--json'], env);
    expect(await lag.exitCode()).toBe(0);
    const { topics } = JSON.parse(lag.stdout()) as { topics: { stage: string; lag: { kind: string } }[] };
    expect(topics.find(({ stage }) => stage === 'validate')?.lag.kind).toBe('known');
  });

  test('the command line says who was refused, and every mistake in what it was given', async () => {
    const refused = startSluice(['lag', '--sample', '0s'], { ...env, KAFKA_SASL_USERNAME: 'nobody' });
    const mistaken = startSluice(['lag'], { ...env, KAFKA_TLS: 'false', KAFKA_SASL_USERNAME: '' });
    expect(await refused.exitCode()).toBe(2);
    expect(refused.stderr()).toMatch(/\(KAFKA_BROKERS\).*authentication failed/i);
    expect(await mistaken.exitCode()).toBe(2);
    expect(mistaken.stderr()).toMatch(/2 mistake\(s\):\n.*KAFKA_TLS_CA_FILE.*\n.*KAFKA_SASL_USERNAME/);
  });
});
