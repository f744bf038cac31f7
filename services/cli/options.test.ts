import { expect, test } from 'vitest';
import { cliConfig } from './config.ts';
import { CliError } from './errors.ts';
import { count, duration, letterId, rate, readInput } from './options.ts';

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['0s', 0],
])('duration %s', (text, ms) => {
  expect(duration.parse(text)).toBe(ms);
});

test.each(['', '3', '-1s', '1w', '1 s', '1e3s', 's'])('no duration: %j', (text) => {
  expect(duration.safeParse(text).success).toBe(false);
});

test('rate', () => {
  expect([rate.parse('50/s'), rate.parse('600/m'), rate.parse('1/m')]).toEqual([50, 10, 1 / 60]);
  for (const text of ['0/s', '50', '50/h', '-1/s', '1.5/s']) expect(rate.safeParse(text).success).toBe(false);
});

test('count and letterId', () => {
  expect(count(1, 10).parse('10')).toBe(10);
  for (const text of ['0', '11', 'x', '1.5']) expect(count(1, 10).safeParse(text).success).toBe(false);
  expect(letterId.parse('123456789012345678')).toBe('123456789012345678');
  for (const text of ['0', '-1', '1234567890123456789', 'x'])
    expect(letterId.safeParse(text).success).toBe(false);
});

test('lists every mistake in options and environment, in one message', () => {
  const read = () =>
    readInput({
      given: { outboxBound: 'x', id: ['1', 'y'], '<id>': '-' },
      env: { DATABASE_URL: 'http://x' },
      options: { outboxBound: duration, id: letterId.array(), rate, '<id>': letterId },
      config: cliConfig.database,
      rules: () => ['this does not go with that'],
    });
  expect(read).toThrow(CliError);
  expect(read).toThrow(
    [
      'The command line has 5 mistake(s):',
      '  this does not go with that',
      '  --outbox-bound "x" must be a time such as 500ms, 30s, 2m, 1h or 7d',
      '  --id "y" must be the number of a dead letter, as `sluice dlq list` shows it',
      '  --rate is missing',
      '  <id> "-" must be the number of a dead letter, as `sluice dlq list` shows it',
      'The configuration has 1 mistake(s):',
      '  DATABASE_URL is "http://x": must be a postgres:// URL',
    ].join('\n'),
  );
});
