import { expect, test } from 'vitest';
import { kafkaConnection } from './kafka-connection.ts';

const connection = (security: Parameters<typeof kafkaConnection>[1]) =>
  (kafkaConnection(['a:1'], security) as { kafka: { default: object } }).kafka.default;
const files = { caFile: undefined, certFile: undefined, keyFile: undefined };

test('a password is named, not told', () => {
  const sasl = { mechanism: 'scram-sha-512', username: 'u', password: { text: 'secret' } } as const;
  expect(connection({ tls: { ...files, caFile: '/ca' }, sasl })).toEqual({
    brokers: ['a:1'],
    tls: { caFile: '/ca' },
    sasl: { mechanism: 'scram-sha-512', username: 'u', password: { env: 'KAFKA_SASL_PASSWORD' } },
  });
  expect(connection({ tls: undefined, sasl: { ...sasl, password: { file: '/p' } } })).toMatchObject({
    sasl: { password: { file: '/p' } },
  });
});

test('TLS with the authorities that Node trusts, and none at all', () => {
  expect(connection({ tls: files, sasl: undefined })).toEqual({ brokers: ['a:1'], tls: true });
  expect(connection({ tls: undefined, sasl: undefined })).toEqual({ brokers: ['a:1'] });
});
