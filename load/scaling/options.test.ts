import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('what is measured is measured once, in the same order', () => {
  const { traces, workers } = parseOptions(['--traces', 'spike,step', '--workers', 'load']);
  expect([traces, workers]).toEqual([['step', 'spike'], ['load']]);
});

test.each([
  [['--runs', '2.5'], '--runs'],
  [['--runs', '0'], '--runs'],
  [['--traces', 'step,step'], '--traces'],
  [['--workers', 'idle'], 'no idle'],
])('%j is refused', (args, name) => {
  expect(() => parseOptions(args)).toThrow(name);
});
