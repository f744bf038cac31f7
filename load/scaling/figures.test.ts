import { expect, test } from 'vitest';
import { figuresOf, oldestBySecond, waitingBySecond } from './figures.ts';
import { oracleReplicaSeconds, TRACES } from './traces.ts';

const setting = (second: number, replicas: number) => ({ second, replicas });

test('the oldest that waits, second by second', () => {
  const records = [
    { arrived: 0.5, settled: 3.5 },
    { arrived: 2, settled: 2.2 },
  ];
  expect(oldestBySecond(records, 5)).toEqual([0, 0.5, 1.5, 2.5, 0]);
  expect(waitingBySecond(records, 5)).toEqual([0, 1, 2, 1, 0]);
});

test('what was late, and for how long', () => {
  const records = [
    { arrived: 40, settled: 40.1 },
    { arrived: 41, settled: 41.2 },
    { arrived: 42, settled: 55 },
    { arrived: 300, settled: 311.5 },
  ];
  const figures = figuresOf(TRACES.step, records, [setting(-1, 1), setting(32, 8), setting(290, 1)]);
  expect(figures).toMatchObject({
    // 53 and 54, then 311.
    secondsOver: 3,
    secondsOverAfterDown: 1,
    lateShare: 0.5,
    ageMax: 13,
    actions: 2,
    reversals: 1,
    badDowns: 0,
    peak: 8,
    firstUp: 2,
    replicaSeconds: 32 + 8 * 258 + 220,
  });
});

test.each([
  ['the load needs more', [setting(0, 1), setting(35, 8), setting(100, 4)], 1],
  ['the load has ended', [setting(0, 1), setting(35, 8), setting(280, 1)], 0],
])('a scale-down while %s', (_, settings, badDowns) => {
  expect(figuresOf(TRACES.step, [], settings).badDowns).toBe(badDowns);
});

test('changes of direction count when they come soon after each other', () => {
  const settings = [setting(0, 1), setting(35, 8), setting(100, 12), setting(120, 8), setting(500, 12)];
  expect(figuresOf(TRACES.step, [], settings).reversals).toBe(1);
});

test.each([
  // 300/s take 8 workers, 200/s 5, 400/s 10, 30/s one.
  ['step', 30 + 240 * 8 + 240],
  ['flat', 300 * 5],
  ['spike', 30 + 45 * 10 + 240],
] as const)('as many workers as are needed on %s', (name, replicaSeconds) => {
  expect(oracleReplicaSeconds(TRACES[name])).toBe(replicaSeconds);
});
