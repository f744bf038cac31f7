import { describe, expect, test } from 'vitest';
import { connectionOf, securityMistakes } from './security.ts';
import { ConfigError, brokerConfig, parseConfig } from '../config.ts';

const EXISTING = import.meta.filename;
const parse = (env: Record<string, string>) => parseConfig(brokerConfig, env);

function mistakes(env: Record<string, string>): string[] {
  try {
    parse(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1);
    throw error;
  }
}

test('nothing set: in the clear, without a name', () => {
  expect(connectionOf(parse({ KAFKA_BROKERS: 'a:1,b:2', KAFKA_TLS: 'false' }))).toEqual({
    brokers: ['a:1', 'b:2'],
    security: { tls: undefined, sasl: undefined },
  });
});

test('everything set, as the chart sets it', () => {
  const env = {
    KAFKA_BROKERS: 'a:1',
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: EXISTING,
    KAFKA_TLS_CERT_FILE: EXISTING,
    KAFKA_TLS_KEY_FILE: EXISTING,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'sluice',
    KAFKA_SASL_PASSWORD_FILE: EXISTING,
  };
  expect(connectionOf(parse(env)).security).toEqual({
    tls: { caFile: EXISTING, certFile: EXISTING, keyFile: EXISTING },
    sasl: { mechanism: 'scram-sha-512', username: 'sluice', password: { file: EXISTING } },
  });
});

test('a mechanism as Kafka writes it, and a password from the environment', () => {
  const env = { KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
  expect(connectionOf(parse(env)).security.sasl).toEqual({
    mechanism: 'plain',
    username: 'u',
    password: { text: 'p' },
  });
});

describe('mistakes', () => {
  test('all in one message, each with its variable, and no secret', () => {
    const found = mistakes({
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA_FILE: '/nowhere/ca.crt',
      KAFKA_TLS_KEY_FILE: EXISTING,
      KAFKA_SASL_MECHANISM: 'kerberos',
      KAFKA_SASL_PASSWORD: 'hunter2',
      KAFKA_SASL_PASSWORD_FILE: EXISTING,
      KAFKA_BROKERS: 'nowhere',
    });
    expect(found.map((line) => line.trim().split(' ')[0])).toEqual([
      'KAFKA_BROKERS',
      'KAFKA_SASL_MECHANISM',
      'KAFKA_TLS_CERT_FILE',
      'KAFKA_SASL_USERNAME',
      'KAFKA_SASL_PASSWORD_FILE',
      'KAFKA_TLS_CA_FILE',
    ]);
    expect(found[1]).toBe(
      '  KAFKA_SASL_MECHANISM is "kerberos": must be one of plain, scram-sha-256, scram-sha-512',
    );
    expect(found[2]).toBe('  KAFKA_TLS_CERT_FILE is not set: KAFKA_TLS_KEY_FILE needs it');
    expect(found[5]).toBe('  KAFKA_TLS_CA_FILE is "/nowhere/ca.crt": cannot be read');
    expect(found.join()).not.toContain('hunter2');
  });

  test.each([
    [{ KAFKA_TLS_CA_FILE: EXISTING }, /KAFKA_TLS_CA_FILE is .*: is of no use without KAFKA_TLS=true/],
    [{ KAFKA_SASL_USERNAME: 'u' }, /KAFKA_SASL_USERNAME is "u": is of no use without KAFKA_SASL_MECHANISM/],
    [{ KAFKA_SASL_PASSWORD: 'p' }, /KAFKA_SASL_PASSWORD is set: is of no use without KAFKA_SASL_MECHANISM/],
    [
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' },
      /KAFKA_SASL_PASSWORD_FILE is not set: KAFKA_SASL_MECHANISM needs it, or KAFKA_SASL_PASSWORD/,
    ],
    [{ KAFKA_TLS: 'yes' }, /KAFKA_TLS is "yes"/],
  ])('%o', (env, expected) => {
    expect(mistakes(env)).toEqual([expect.stringMatching(expected)]);
  });

  test('files are asked for where they are named only', () => {
    const asked: string[] = [];
    const readable = (path: string): boolean => asked.push(path) > 0;
    expect(securityMistakes({ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/ca' }, readable)).toEqual([]);
    expect(asked).toEqual(['/ca']);
  });
});
