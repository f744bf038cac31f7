import { expect, test } from 'vitest';
import type { BrokerAdmin } from '../../broker/port.ts';
import type { Moment } from './load-step.ts';
import { readLag } from './stage-lag.ts';
import { missingFigures } from './summary.ts';
import { momentLine, momentTable } from './view.ts';

function admin(failing?: string): BrokerAdmin {
  return {
    ensureTopics: () => Promise.resolve([]),
    partitionCount: () => Promise.resolve(2),
    disconnect: () => Promise.resolve(),
    owners: () => Promise.resolve(new Map()),
    committedOffsets: (_group, topic) =>
      topic.endsWith(failing ?? 'nothing')
        ? Promise.reject(new Error('not coordinator'))
        : Promise.resolve([
            { partition: 0, offset: 3n, metadata: undefined },
            { partition: 1, offset: undefined, metadata: undefined },
          ]),
    topicOffsets: () =>
      Promise.resolve([
        { partition: 0, low: 0n, high: 10n },
        { partition: 1, low: 4n, high: 6n },
      ]),
  };
}

test('the lag of a stage is summed over its topics; a group that never committed is behind by all there is', async () => {
  const lag = await readLag({ admin: admin(), prefix: 'p', orders: ['chained'] });
  expect(lag).toEqual({ validate: 9, remote: 18, persist: 9 });
});

test('a lag that the broker does not tell is unknown, not zero, and shown so', async () => {
  const lag = await readLag({ admin: admin('.new'), prefix: 'p', orders: ['chained'] });
  expect(lag).toEqual({ validate: undefined, remote: 18, persist: 9 });
  const moment: Moment = {
    elapsedSeconds: 4,
    report: undefined,
    acceptedPerSecond: undefined,
    completedPerSecond: 12.4,
    endToEnd: { p50Ms: null, p99Ms: 1_234 },
    figures: { accepted: 70, completed: 50, open: 20, byState: { accepted: 20, done: 50 } },
    lag,
    stages: [{ name: 'validate', scalable: true, replicas: 3, ready: 1, processes: [] }],
    scalers: [
      {
        name: 'validate',
        mode: 'active',
        objectiveSeconds: 10,
        lagKnown: false,
        measured: { capacityPerReplica: 412.3 },
        reason: 'LagUnknown',
        message: '',
        result: 'held',
      },
    ],
  };
  expect(momentLine(moment)).toContain('lag: validate ?, remote 18, persist 9');
  expect(momentLine(moment)).toContain('completed 12/s (?, p99 1,234 ms)');
  expect(momentLine(moment)).toContain('replicas: validate 1/3');
  expect(momentTable(moment, 60)).toMatch(/validate.*1 of 3.*\?.*\?.*412\/s each.*LagUnknown/);
});

test('names every figure that is missing', () => {
  const summary = { a: 1, b: { c: Number.NaN, d: null, e: 'text' }, f: [0, undefined], g: 1 / 0, h: false };
  expect(missingFigures(summary)).toEqual(['summary.b.c', 'summary.b.d', 'summary.f.1', 'summary.g']);
  expect(missingFigures({ a: { b: 0 } })).toEqual([]);
});
