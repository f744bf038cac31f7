import { expect, test } from 'vitest';
import { knownLag, running, unknownLag } from '../scaling/test-observations.ts';
import { missingGroup } from './missing-group.ts';

const request = { scaler: 's', connection: 'main', consumerGroup: 'shop', topics: ['topic'] };
const never = { ends: [5, 5], committed: [undefined, undefined], members: 0 };

test.each([
  ['nobody is in it and replicas are up', knownLag({ ...never, state: 'Dead' }), 2, 'GroupMissing'],
  ['nobody could have joined it yet', knownLag({ ...never, state: 'Dead' }), 0, undefined],
  [
    'somebody has committed in it',
    knownLag({ ...never, committed: [1, undefined], state: 'Dead' }),
    2,
    undefined,
  ],
  ['somebody is in it, and has not committed', knownLag({ ...never, members: 1 }), 2, undefined],
  ['somebody was in it', knownLag({ ...never, state: 'Empty' }), 2, undefined],
  ['nothing is known of it', unknownLag(), 2, undefined],
] as const)('%s', (...[, lag, ready, reason]) => {
  expect(missingGroup(lag, request, running(3, { ready }))?.reason).toBe(reason);
});

test('is told with its name and what to do', () => {
  const unknown = missingGroup(knownLag({ ...never, state: 'Dead' }), request, running(1));
  expect(unknown?.message).toBe(
    'the group shop does not exist at the connection "main", although 1 replica could have joined it: ' +
      'correct spec.kafka.consumerGroup if they use another one; else they do not consume yet',
  );
});
