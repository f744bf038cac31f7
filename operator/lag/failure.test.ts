import { expect, test } from 'vitest';
import { failureOfCode } from './failure.ts';

test.each([
  [3, 'TopicMissing', true],
  [5, 'PartitionLeaderless', true],
  [6, 'PartitionLeaderless', true],
  [14, 'OffsetsIncomplete', false],
  [16, 'OffsetsIncomplete', true],
  [29, 'Unauthorized', false],
  [30, 'Unauthorized', false],
  [58, 'Unauthorized', false],
  [69, 'GroupMissing', false],
  [-1, 'OffsetsIncomplete', false],
  [9_999, 'OffsetsIncomplete', false],
])('error code %i is %s; look for another broker: %s', (code, reason, stale) => {
  const failure = failureOfCode(code, 'NAME', 'my-topic/3');
  expect(failure).toMatchObject({ reason, stale, message: `my-topic/3: NAME (${code})` });
});
