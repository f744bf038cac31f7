import { expect, test } from 'vitest';
import type { Backlog } from '../../store/pg/backlog.ts';
import { waitingFor } from './waiting.ts';

const backlog = (change: Partial<Backlog>): Backlog => ({
  order: 'chained',
  state: 'accepted',
  free: 0,
  freeOldestSeconds: null,
  inLane: 0,
  inLaneOldestSeconds: null,
  retrying: 50,
  buried: 60,
  ...change,
});

test('counts each under the stage and event it waits for', () => {
  const backlogs = [
    backlog({ free: 3, freeOldestSeconds: 9 }),
    backlog({ order: 'fanOut', free: 2, freeOldestSeconds: 12 }),
    backlog({ state: 'processed', free: 1, freeOldestSeconds: 4 }),
  ];
  expect(waitingFor('validate', 'new', backlogs)).toEqual({ count: 5, oldestSeconds: 12 });
  expect(waitingFor('remote', 'new', backlogs)).toEqual({ count: 2, oldestSeconds: 12 });
  expect(waitingFor('remote', 'validated', backlogs)).toEqual({ count: 0, oldestSeconds: undefined });
  expect(waitingFor('persist', 'remote-responded', backlogs)).toEqual({ count: 1, oldestSeconds: 4 });
});

test('who stands in a lane waits for the stages before the remote, not for the remote', () => {
  const lane = { inLane: 4, inLaneOldestSeconds: 30 };
  expect(waitingFor('validate', 'new', [backlog(lane)])).toEqual({ count: 4, oldestSeconds: 30 });
  const validated = [backlog({ ...lane, state: 'validated', free: 1, freeOldestSeconds: 2 })];
  expect(waitingFor('remote', 'validated', validated)).toEqual({ count: 1, oldestSeconds: 2 });
  const undoing = [backlog({ ...lane, state: 'compensating' })];
  expect(waitingFor('remote', 'compensation-requested', undoing)).toEqual({ count: 4, oldestSeconds: 30 });
});
