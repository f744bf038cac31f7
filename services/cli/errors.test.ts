import { expect, test } from 'vitest';
import { apiError, brokerError, databaseError } from './errors.ts';

const failure = (message: string, code?: string): Error =>
  Object.assign(new Error(message), code && { code });
const URL = 'postgres://user:secret@db.example:6543/sluice?sslmode=require';

test.each<[string, unknown, string]>([
  [
    'nobody listens',
    new AggregateError([failure('connect ECONNREFUSED 10.0.0.1:6543', 'ECONNREFUSED')]),
    'The database db.example:6543/sluice (DATABASE_URL) cannot be reached: connect ECONNREFUSED 10.0.0.1:6543',
  ],
  [
    'the server says no',
    failure('password authentication failed for user "user"', '28P01'),
    'The database db.example:6543/sluice (DATABASE_URL) refused: password authentication failed for user "user"',
  ],
  [
    'nobody has set it up',
    failure('relation "transaction" does not exist', '42P01'),
    "The database db.example:6543/sluice (DATABASE_URL) lacks Sluice's schema; `sluice migrate` creates it. " +
      '(relation "transaction" does not exist)',
  ],
  [
    'the connection broke',
    failure('server closed the connection', '08006'),
    'The database db.example:6543/sluice (DATABASE_URL) cannot be reached: server closed the connection',
  ],
])('%s', (_name, error, message) => {
  const cliError = databaseError(error, URL);
  expect(cliError.message).toBe(message);
  expect(cliError.message).not.toContain('secret');
  expect(cliError.exitCode).toBe(2);
});

test('the others name their address and variable too', () => {
  const error = failure('', 'ECONNREFUSED');
  expect(brokerError(error, ['a:1', 'b:2']).message).toBe(
    'Kafka at a:1, b:2 (KAFKA_BROKERS) does not answer: ECONNREFUSED',
  );
  expect(apiError(error, 'http://a:1').message).toBe(
    'The API at http://a:1 (SLUICE_API_URL) cannot be reached: ECONNREFUSED',
  );
});
