import { expect, test } from 'vitest';
import { UsageError, parseOptions } from './options.ts';

test('without options everything is run', () => {
  const options = parseOptions([])!;
  expect(options).toMatchObject({
    seeds: 5,
    random: 1_000,
    out: 'docs/simulation',
    environment: 'own-stages',
  });
  expect(options.traces).toEqual(expect.arrayContaining(['kind-step', 'step', 'diurnal', 'idle-bursts']));
  expect(options.controllers).toEqual(
    expect.arrayContaining(['sluice', 'keda-default', 'flink-tuned', 'oracle']),
  );
});

test('quick runs less, and elsewhere than the report of the repository', () => {
  expect(parseOptions(['--quick'])).toMatchObject({ seeds: 2, random: 50, out: 'report/simulation' });
  expect(parseOptions(['--quick', '--seeds', '3', '--traces', 'step, ramp'])).toMatchObject({
    seeds: 3,
    traces: ['step', 'ramp'],
  });
});

test('all mistakes are told at once', () => {
  const args = [
    '--traces',
    'stepp,flat',
    '--controllers',
    'hpa',
    '--seeds',
    '0',
    '--random',
    '1.5',
    '--workers',
    'x',
    '--environment',
    'moon',
  ];
  const parse = (): unknown => parseOptions(args);
  expect(parse).toThrow(UsageError);
  for (const text of ['6 mistake', 'stepp', 'hpa', '--seeds', '--random', '--workers', 'moon'])
    expect(parse).toThrow(text);
});

test('an unknown option or argument is refused', () => {
  expect(() => parseOptions(['--fast'])).toThrow('--fast');
  expect(() => parseOptions(['step'])).toThrow(UsageError);
});
