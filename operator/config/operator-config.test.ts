import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { configOfBrokers, parseOperatorConfig } from './operator-config.ts';
import { missingSecrets, readSecret } from './secrets.ts';

const FULL = `
kafka:
  main:
    brokers: [kafka-0:9092, "[::1]:9093"]
    tls: { caFile: /ca.crt, certFile: /tls.crt, keyFile: /tls.key, serverName: kafka }
    sasl: { mechanism: scram-sha-512, username: sluice, password: { file: /password } }
  other:
    brokers: [other:9092]
    tls: true
    sasl:
      mechanism: oauthbearer
      token: { tokenUrl: https://login/token, clientId: sluice, clientSecret: { env: SECRET }, scope: kafka }
tickSeconds: 1
`;

function mistakesIn(text: string): string {
  try {
    parseOperatorConfig(text, 'operator.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

test('everything that can be set', () => {
  const config = parseOperatorConfig(FULL, 'operator.yaml');
  expect(Object.keys(config.kafka)).toEqual(['main', 'other']);
  expect(config).toMatchObject({ tickSeconds: 1, readTimeoutSeconds: 1.8 });
  expect(config.kafka['main']!.clientId).toBe('sluice-operator');
});

test('every mistake in one message', () => {
  const text = mistakesIn(`
kafka:
  main:
    brokers: [kafka]
    tls: { certFile: /tls.crt }
    sasl: { mechanism: plain, username: sluice, password: hunter2 }
  Other:
    brokers: []
  third: { brokers: [a:1], broker: b }
tickSecond: 1
`);
  for (const part of [
    'operator.yaml has',
    'kafka.main.brokers.0: must be host:port',
    'kafka.main.tls: certFile and keyFile belong together',
    'kafka.main.sasl.password: must be { file: path } or { env: NAME }',
    'kafka.Other',
    'kafka.third',
    'tickSecond',
  ])
    expect(text).toContain(part);
  expect(text).not.toContain('hunter2');
});

test('what is no YAML, and nothing at all', () => {
  expect(mistakesIn('kafka: [')).toContain('operator.yaml has 1 mistake');
  expect(mistakesIn('')).toContain('kafka');
});

test('brokers from the environment', () => {
  expect(configOfBrokers('a:1, b:2').kafka['default']!.brokers).toEqual(['a:1', 'b:2']);
  expect(() => configOfBrokers('a')).toThrow(ConfigError);
});

test('secrets that are missing are named; those that are there are read without a line break', async () => {
  const config = parseOperatorConfig(FULL, 'operator.yaml');
  expect((await missingSecrets(config, {})).toSorted()).toEqual([
    'kafka.main: the file /ca.crt cannot be read',
    'kafka.main: the file /password cannot be read',
    'kafka.main: the file /tls.crt cannot be read',
    'kafka.main: the file /tls.key cannot be read',
    'kafka.other: the environment variable SECRET is not set',
  ]);
  expect(
    await missingSecrets({ ...config, kafka: { other: config.kafka['other']! } }, { SECRET: 's' }),
  ).toEqual([]);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-secrets-'));
  const file = join(directory, 'password');
  await writeFile(file, 'correct horse\n');
  expect(await readSecret({ file }, {})).toBe('correct horse');
  await rm(directory, { recursive: true });
  expect(await readSecret({ env: 'A' }, { A: 'b' })).toBe('b');
  await expect(readSecret({ env: 'A' }, {})).rejects.toThrow('A is not set');
});
