import { CommanderError } from 'commander';
import { expect, test, vi } from 'vitest';
import { OptionsError, parseOptions } from './options.ts';

function mistakes(...args: string[]): string {
  try {
    parseOptions(args);
  } catch (error) {
    if (error instanceof OptionsError) return error.message;
    throw error;
  }
  return '';
}

test('without options: a demonstration of a minute', () => {
  expect(parseOptions([])).toEqual({
    demo: true,
    once: false,
    fresh: false,
    seconds: 60,
    rate: 0,
    users: 40,
    replicas: {},
    operator: true,
    record: undefined,
    types: undefined,
    remoteLatencyMs: 450,
    json: undefined,
  });
});

test('reads every option', () => {
  const line =
    '--seconds 5 --rate=100 --users 7 --replicas remote=2 --replicas relay=3 --remote-latency-ms 0';
  const more = '--no-operator --types payment,payment-fan-out --once --fresh --json out.json';
  expect(parseOptions([...line.split(' '), ...more.split(' ')])).toEqual({
    demo: true,
    once: true,
    fresh: true,
    seconds: 5,
    rate: 100,
    users: 7,
    replicas: { remote: 2, relay: 3 },
    operator: false,
    record: undefined,
    types: 'payment,payment-fan-out',
    remoteLatencyMs: 0,
    json: 'out.json',
  });
  expect(parseOptions(['--no-demo']).demo).toBe(false);
});

test('tells all mistakes at once', () => {
  const text = mistakes(
    '--seconds',
    '0',
    '--users',
    'many',
    '--replicas',
    'api=2',
    '--types',
    'loan',
    '--frist',
    'x',
  );
  for (const part of [
    '--seconds is "0"',
    '--users is "many"',
    '"api=2"',
    '"loan"',
    '--frist is no option',
    '"x"',
  ])
    expect(text).toContain(part);
});

test.each([
  [['--seconds'], 'argument missing'],
  [['--seconds', '1e3'], '--seconds is "1e3"'],
  [['--seconds', '-5'], '--seconds is "-5"'],
  [['--replicas', 'remote=65'], 'from 0 to 64'],
  [['--once', '--no-demo'], 'exclude each other'],
  [['--json', 'x', '--no-demo'], 'exclude each other'],
  [['--record', 'x', '--no-operator'], 'exclude each other'],
])('%j is a mistake', (args, part) => {
  expect(mistakes(...args)).toContain(part);
});

test('--help is no mistake', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(() => parseOptions(['--help'])).toThrow(CommanderError);
  expect(write.mock.calls.join('')).toContain('--remote-latency-ms <n>');
  write.mockRestore();
});
