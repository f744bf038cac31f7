import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FaultStack, LOAD } from './fault-stack.ts';
import { play } from './round.ts';

/** So few that ten times the load is more than can wait. */
const stack = FaultStack.forThisFile({ env: { API_QUEUE_MAX: '4' } });

test('ten times the load: 202 or 503 with Retry-After, bounded memory, and it drains', async () => {
  let rssBytes = 0;
  let refusalsBefore = 0;
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'overload',
    fault: async ({ client, tally }) => {
      refusalsBefore = tally().refusals;
      client.start(10 * LOAD.ratePerSecond);
      for (let second = 0; second < 20; second++) {
        await sleep(1_000);
        const { processes } = await stack.stack.supervisor.view('api');
        rssBytes = Math.max(rssBytes, processes[0]!.rssBytes);
      }
      client.start(LOAD.ratePerSecond);
    },
    giveUpWhenRefused: true,
    connections: 256,
    minAccepted: 1_000,
  });
  // Every 503 had its Retry-After, and nothing that was refused is stored: else it is among the faults.
  expect(faults).toEqual([]);
  expect(tally.refusals - refusalsBefore).toBeGreaterThan(100);
  expect(tally.lost).toBe(0);
  expect(rssBytes).toBeGreaterThan(0);
  expect(rssBytes).toBeLessThan(400 * 2 ** 20);
});
