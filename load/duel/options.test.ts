import { expect, test } from 'vitest';
import { UsageError } from '../lib/command-line.ts';
import { parseOptions } from './options.ts';
import { planDuel } from './plan.ts';

test('without options the duel takes about four minutes', () => {
  const rounds = planDuel(parseOptions([]));
  const seconds = rounds.reduce((sum, round) => sum + 2 * round.seconds, 0);
  expect(seconds).toBeGreaterThan(180);
  expect(seconds).toBeLessThan(260);
  expect(rounds[0]).toMatchObject({ part: 'main', model: { kind: 'closed', users: 40 } });
});

test('minutes set the length of the main experiment, parts what is measured', () => {
  const options = parseOptions(['--minutes', '10', '--users', '80', '--parts', 'main,open']);
  const rounds = planDuel(options);
  expect(rounds[0]).toMatchObject({ seconds: 600, model: { users: 80, rampSeconds: 60 } });
  expect(new Set(rounds.map(({ part }) => part))).toEqual(new Set(['main', 'open']));
});

test('all mistakes are told at once', () => {
  const parse = () =>
    parseOptions(['--users', 'many', '--minutes=-1', '--generator', 'ab', '--parts', 'tail']);
  expect(parse).toThrow(UsageError);
  for (const name of ['--users', '--minutes', '--generator', 'no tail', 'include main'])
    expect(parse).toThrow(name);
});

test('an unknown option is refused', () => {
  expect(() => parseOptions(['--fast'])).toThrow('--fast');
});
