import { expect, test } from 'vitest';
import { readK6Result } from './k6-result.ts';

const RESULT =
  '{"scenario":"smoke","seconds":10.2,"passed":false,"broken":["sluice_failed: rate==0"],"values":{"sluice_failed":{"rate":0.5}}}';

test('finds the result behind whatever else is in the log', () => {
  const log = `time="2026" level=warning msg="RESULT of nothing"\nscenario smoke: FAILED\nRESULT ${RESULT}\n`;
  expect(readK6Result(log)).toMatchObject({
    scenario: 'smoke',
    passed: false,
    values: { sluice_failed: { rate: 0.5 } },
  });
});

test('a log without one is shown', () => {
  expect(() => readK6Result('GoError: no such file')).toThrow('GoError: no such file');
});
