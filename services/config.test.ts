import { describe, expect, test } from 'vitest';
import * as config from './config.ts';
import { ConfigError, parseConfig } from './config.ts';

const everything = {
  ...config.brokerConfig,
  ...config.databaseConfig,
  ...config.typesConfig,
  ...config.adminConfig,
  ...config.logConfig,
  ...config.remoteConfig,
  ...config.apiConfig,
  ...config.stageConfig,
  ...config.relayConfig,
};

function mistakes(env: Record<string, string | undefined>): string[] {
  try {
    parseConfig(everything, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').slice(1);
  }
}

test('has a default for everything but the stage', () => {
  expect(mistakes({})).toEqual([expect.stringMatching(/^ {2}STAGE is not set/)]);
  const settings = parseConfig(everything, { STAGE: 'remote' });
  expect(settings).toMatchObject({
    KAFKA_BROKERS: ['127.0.0.1:9092'],
    SLUICE_TOPIC_PREFIX: 'sluice',
    SLUICE_PARTITIONS: 6,
    SLUICE_TYPES: ['payment'],
    ADMIN_HOST: '127.0.0.1',
    API_PORT: 8080,
    STAGE: 'remote',
  });
  expect(Object.isFrozen(settings)).toBe(true);
});

test('an empty variable is one that is not set', () => {
  expect(parseConfig(config.apiConfig, { API_PORT: '' }).API_PORT).toBe(8080);
});

test('reads lists, numbers and switches', () => {
  const settings = parseConfig(everything, {
    STAGE: 'validate',
    KAFKA_BROKERS: ' a:9092, b.example:9093 ',
    SLUICE_TYPES: 'payment,payment-fan-out',
    SLUICE_CREATE_TOPICS: 'false',
    STAGE_WINDOW: '17',
    DATABASE_URL: 'postgresql://u:p@db:5432/x?sslmode=require',
  });
  expect(settings).toMatchObject({
    KAFKA_BROKERS: ['a:9092', 'b.example:9093'],
    SLUICE_TYPES: ['payment', 'payment-fan-out'],
    SLUICE_CREATE_TOPICS: false,
    STAGE_WINDOW: 17,
  });
});

test('tells all mistakes at once, each with its variable and what it is', () => {
  const env = {
    STAGE: 'persists',
    KAFKA_BROKERS: 'kafka',
    SLUICE_PARTITIONS: '0',
    DATABASE_URL: 'mysql://db/x',
    REMOTE_URL: 'not a url',
    API_PORT: '80.5',
    LOG_LEVEL: 'loud',
    RELAY_LOOPS: '1e1',
    SLUICE_CREATE_TOPICS: 'yes',
    SLUICE_TOPIC_PREFIX: 'a b',
    SLUICE_TYPES: 'payment,payments,refund',
  };
  const found = mistakes(env);
  expect(new Set(found.map((line) => line.trim().split(' ')[0]))).toEqual(new Set(Object.keys(env)));
  expect(found.length).toBe(Object.keys(env).length);
  for (const line of found) expect(line).toMatch(/ is ".*": \S/);
  expect(found.find((line) => line.includes('SLUICE_TYPES'))).toMatch(/payments, refund\. Known: payment,/);
  expect(mistakes({ DATABASE_URL: 'mysql://me:secret@db/x' }).join()).not.toContain('secret');
});

describe('refuses', () => {
  test.each([
    ['KAFKA_BROKERS', 'a:9092,,b:9092'],
    ['KAFKA_BROKERS', 'a:b'],
    ['SLUICE_TYPES', 'payment,'],
    ['API_PORT', '65536'],
    ['API_PORT', '-1'],
    ['API_PORT', ' '],
    ['STAGE_WINDOW', '0'],
    ['STAGE_WINDOW', '0x10'],
    ['SLUICE_TOPIC_PREFIX', 'a'.repeat(61)],
    ['DATABASE_URL', 'http://db/x'],
    ['REMOTE_URL', 'ftp://remote'],
  ])('%s=%j', (name, value) => {
    expect(mistakes({ STAGE: 'remote', [name]: value })).toEqual([expect.stringMatching(`^  ${name} is `)]);
  });
});
