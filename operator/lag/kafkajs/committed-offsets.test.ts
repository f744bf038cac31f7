import { expect, test } from 'vitest';
import { deadlineIn } from '../deadline.ts';
import { ReadFailure } from '../failure.ts';
import type { Cluster } from './cluster.ts';
import { fetchCommitted } from './committed-offsets.ts';
import type { OffsetFetchGroupsReply } from './offset-fetch-groups.ts';

const wanted = new Map(['a', 'b', 'c', 'd', 'e'].map((group) => [group, new Map([['t', [0]]])]));
const partitions = [{ partition: 0, offset: 5, metadata: null, errorCode: 0 }];

/** A coordinator that gives this answer to a request for many groups. */
function coordinator(reply: () => OffsetFetchGroupsReply): Cluster {
  return { supports: async () => true, request: async () => reply() } as unknown as Cluster;
}

const read = (cluster: Cluster) => fetchCommitted(cluster, { node: 1, wanted, deadline: deadlineIn(1_000) });

test('what is wrong with one group is wrong with no other', async () => {
  const answer = (groupId: string, errorCode = 0) => ({
    groupId,
    errorCode,
    topics: errorCode === 0 ? [{ topic: 't', partitions }] : [],
  });
  const groups = [answer('a'), answer('b', 16), answer('c', 14), answer('d', 30)];
  const found = await read(coordinator(() => ({ groups })));
  const a = found.get('a')!;
  expect(a instanceof ReadFailure ? a : a.get('t', 0)).toEqual({ offset: 5, load: undefined });
  expect(found.get('b')).toMatchObject({ reason: 'OffsetsIncomplete', stale: true });
  expect(found.get('c')).toMatchObject({
    reason: 'OffsetsIncomplete',
    stale: false,
    message: 'the group c: GROUP_LOAD_IN_PROGRESS (14)',
  });
  expect(found.get('d')).toMatchObject({ reason: 'Unauthorized', stale: false });
  expect(found.get('e')).toMatchObject({ message: 'the offsets of e are missing in the answer' });
});

test('a coordinator that does not answer fails all of its groups', async () => {
  const failure = new ReadFailure('ReadTimedOut', 'no answer');
  const found = await read(
    coordinator(() => {
      throw failure;
    }),
  );
  expect([...found.values()]).toEqual([failure, failure, failure, failure, failure]);
});
