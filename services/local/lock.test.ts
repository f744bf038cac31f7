import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LockedError, acquireLock } from './lock.ts';

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'lock-')), 'lock');
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

test('is held by one, who is named', async () => {
  const lock = await acquireLock(path);
  await expect(acquireLock(path)).rejects.toThrow(LockedError);
  await expect(acquireLock(path)).rejects.toThrow(`Process ${process.pid}`);
  await lock.release();
  await (await acquireLock(path)).release();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test.each([
  ['a process that is gone', JSON.stringify({ pid: 2_147_483_000, startedAt: 'x' })],
  ['an earlier process with our pid', JSON.stringify({ pid: process.pid, startedAt: 'x' })],
  ['a write that was cut short', '{"pid": 12'],
])('one left behind by %s is taken over', async (_who, content) => {
  await writeFile(path, content);
  await acquireLock(path);
  await expect(acquireLock(path)).rejects.toThrow(LockedError);
});

test('of many at the same moment one gets it', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(path)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});
