import { expect, test } from 'vitest';
import { throttled } from './throttled.ts';

test('one line per interval, with the number of those left out', async () => {
  const lines: object[] = [];
  const log = throttled((fields, message) => void lines.push({ ...fields, message }), 40);
  for (let n = 0; n < 5; n++) log({ n }, 'failed');
  await new Promise((resolve) => setTimeout(resolve, 60));
  log({ n: 5 }, 'failed');
  expect(lines).toEqual([
    { n: 0, message: 'failed' },
    { n: 5, suppressed: 4, message: 'failed' },
  ]);
});
