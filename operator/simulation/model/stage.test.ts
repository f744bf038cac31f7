import { expect, test } from 'vitest';
import type { Environment } from './scenario.ts';
import { createRandom } from './random.ts';
import { Stage } from './stage.ts';
import { measuredStage } from '../traces/stages.ts';

const STEP = 0.25;
const environment: Environment = {
  name: 'test',
  source: '',
  coldStart: () => [4, 4],
  coldStartSpread: 0.25,
  rebalance: [2, 2],
  rebalancePerJoin: 0,
  initialRebalance: 3,
  clientOverhead: 0,
  commitInterval: 2,
};

function createStage() {
  const model = measuredStage()[0]!;
  const stage = new Stage({ model, environment, stepSeconds: STEP, random: createRandom(1, 'test') });
  let at = 0;
  /** Runs until `until`, with so many records per second on every partition; returns what was settled per step. */
  const run = (until: number, perPartition = 0): number[] => {
    const settled: number[] = [];
    while (at < until - 1e-9) {
      at += STEP;
      for (const queue of stage.queues) queue.push(perPartition * STEP, at, at);
      let sum = 0;
      stage.step({ at, isDown: () => false, ages: undefined, emit: (_, records) => void (sum += records) });
      settled.push(sum);
    }
    return settled;
  };
  return { stage, run };
}

test('pods start cold, and an empty group waits for more members', () => {
  const { stage, run } = createStage();
  stage.scale(2, 0);
  run(2.75, 1);
  expect(stage.ready).toBe(0);
  run(4, 1);
  expect(stage.ready).toBe(2);
  expect(stage.group.state).toBe('PreparingRebalance');
  const settled = run(8, 1);
  expect(stage.group.state).toBe('Stable');
  // The first joined at 3 s or later: 3 s of delay, then two replicas of 40 records per second.
  expect(settled.findIndex((records) => records > 0)).toBeGreaterThanOrEqual(7);
  expect(settled.at(-1)).toBeCloseTo(2 * 40 * STEP, 5);
});

test('a member that joins stops all for one rebalance; who joins meanwhile is part of it', () => {
  const { stage, run } = createStage();
  stage.scale(1, 0, true);
  run(10, 1);
  expect(stage.group.generation).toBe(1);
  stage.scale(4, 10);
  const settled = run(20, 1);
  expect(stage.group.generation).toBe(2);
  const stopped = settled.filter((records) => records === 0).length * STEP;
  expect(stopped).toBeGreaterThanOrEqual(2 - STEP);
  expect(stopped).toBeLessThanOrEqual(2 + STEP);
  expect(stage.group.stoppedPartitionSeconds).toBeGreaterThan(24 * 2);
  expect(stage.pods.map(({ assigned }) => assigned.length)).toEqual([6, 6, 6, 6]);
});

test('whoever is not up goes first and without a rebalance; whoever leaves has committed', () => {
  const { stage, run } = createStage();
  stage.scale(2, 0, true);
  run(20, 1);
  stage.scale(6, 20);
  stage.scale(2, 21);
  run(30, 1);
  expect(stage.group.generation).toBe(1);
  stage.scale(1, 30);
  for (const [partition, queue] of stage.queues.entries())
    expect(stage.committed[partition]).toBe(Math.floor(queue.departed + 1e-6));
  run(34, 1);
  expect(stage.group.generation).toBe(2);
  expect(stage.ready).toBe(1);
});

test('offsets move in stairs and carry the load of the replica that committed', () => {
  const { stage, run } = createStage();
  stage.scale(1, 0, true);
  run(8);
  const seen = new Set<number>();
  for (let at = 8; at < 20; at += STEP) {
    run(at + STEP, 1);
    seen.add(stage.committed[0]!);
  }
  expect(seen.size).toBeGreaterThanOrEqual(6);
  expect(seen.size).toBeLessThanOrEqual(8);
  const load = stage.reports[0]!;
  // 24 records per second of 40.
  expect(load.busySeconds / (load.settled / 40)).toBeCloseTo(1, 1);
  expect(load.replica).toBe(stage.pods[0]!.id);
});

test('19 replicas on 24 partitions: those with two set the pace', () => {
  const { stage, run } = createStage();
  stage.scale(19, 0, true);
  run(6);
  for (const queue of stage.queues) queue.push(400, 6, 6);
  const settled = run(26);
  const pace = (from: number): number =>
    settled.slice(from * 4, from * 4 + 4).reduce((sum, records) => sum + records, 0);
  expect(pace(5)).toBeCloseTo(19 * 40, 0);
  // After ten seconds the fourteen with one partition have nothing left.
  expect(pace(15)).toBeCloseTo(5 * 40, 0);
});
