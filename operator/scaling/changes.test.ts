import { describe, expect, test } from 'vitest';
import type { Look } from './look.ts';
import { coldStartSeconds, noOperation, withDecision, withReplicas } from './operation.ts';
import { NO_REBALANCES, rebalanceSeconds, withGroup } from './rebalances.ts';
import { running } from './test-observations.ts';

describe('a change of the replicas', () => {
  const asked = withDecision(noOperation(2), 6, 100);
  const started = withReplicas(asked, running(6, { ready: 2 }), 102, 2);

  test('is under way until its replicas are ready and have joined', () => {
    expect(started.underway).toEqual({ at: 100, from: 2, to: 6 });
    expect(withReplicas(started, running(6), 104, 4).underway).toBeDefined();
    const done = withReplicas(started, running(6), 105, 6);
    expect([done.underway, done.coldStarts, coldStartSeconds(done)]).toEqual([undefined, [5], 5]);
  });

  test('is not waited for for ever', () => {
    expect(withReplicas(started, running(6, { ready: 3 }), 221, 3)).toMatchObject({
      underway: undefined,
      coldStarts: [],
    });
  });

  test('by ourselves is told from one by hand', () => {
    expect(started).toMatchObject({ byHandAt: undefined, lastUpAt: 102 });
    expect(withReplicas(asked, running(9), 102, 2)).toMatchObject({
      byHandAt: 102,
      decided: 9,
      underway: { from: 2, to: 9 },
    });
  });

  test('that was asked for and has not happened is none', () => {
    expect(withReplicas(asked, running(2), 102, 2)).toBe(asked);
  });

  test('downwards is over when they have gone', () => {
    const fewer = withReplicas(withDecision(noOperation(6), 2, 100), running(2, { ready: 5 }), 102, 6);
    expect(fewer).toMatchObject({ lastDownAt: 102, underway: { to: 2 } });
    expect(withReplicas(fewer, running(2), 104, 2).underway).toBeUndefined();
  });

  test('a cold start is the slow one of the last few', () => {
    const coldStarts = [2, 3, 2, 9, 3, 2, 3, 2];
    expect(coldStartSeconds({ ...noOperation(1), coldStarts })).toBe(9);
  });
});

describe('rebalances', () => {
  const at = (membership: number, rebalancing = false): Look =>
    ({ membership, rebalancing, members: 2 }) as unknown as Look;
  const watch = (...looks: readonly Look[]) =>
    looks.reduce(
      (state, look, index) => withGroup(state, look, { at: 2 * index, elapsedSeconds: 2 }),
      NO_REBALANCES,
    );

  test.each([
    ['the same members', [at(1), at(1), at(1)], 0],
    ['other members', [at(1), at(2), at(2)], 1],
    ['seen while it lasts, then with other members', [at(1), at(1, true), at(1, true), at(2)], 1],
    ['seen while it lasts, with the same members', [at(1), at(1, true), at(1), at(1)], 1],
  ])('%s', (_, looks, count) => {
    expect(watch(...looks).count).toBe(count);
  });

  test('replicas ordered while it lasts begin another', () => {
    const looks = [at(1), at(1, true), at(1, true), at(2)];
    const orderedAt = (look: number) => (state: typeof NO_REBALANCES, each: Look, index: number) =>
      withGroup(state, each, { at: 2 * index, elapsedSeconds: 2, isReordered: index === look });
    expect(looks.reduce(orderedAt(2), NO_REBALANCES).count).toBe(2);
    expect(looks.reduce(orderedAt(1), NO_REBALANCES).count).toBe(1);
  });

  test('pauses of 1 s, of which every second one is met by a look, are learned as 1 s and a little', () => {
    const looks = Array.from({ length: 200 }, (_, index) => at(Math.floor(index / 5), index % 10 === 0));
    expect(rebalanceSeconds(watch(...looks))).toBeCloseTo(1.5, 0);
  });
});
