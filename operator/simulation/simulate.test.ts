import { describe, expect, test } from 'vitest';
import { randomScenario } from './checks/random-traces.ts';
import { kedaTuned } from './controllers/baselines.ts';
import { staticCount } from './controllers/fixed.ts';
import { flinkTuned } from './controllers/baselines.ts';
import { oracle } from './controllers/oracle.ts';
import { OURS, OURS_PLAIN } from './run/catalog.ts';
import { countReversals } from './run-record.ts';
import { simulate } from './simulate.ts';
import { MEASURED, OWN_STAGES } from './traces/environments.ts';
import { evaluationScenarios } from './traces/evaluation.ts';
import { measuredScenarios } from './traces/measured.ts';

const measured = (name: string) => measuredScenarios(MEASURED).find((one) => one.name === name)!;
const evaluation = (name: string) => evaluationScenarios(OWN_STAGES).find((one) => one.name === name)!;

test('the same seed gives the same run, another seed another', () => {
  const run = (seed: number) => simulate({ scenario: measured('kind-step'), controller: kedaTuned, seed });
  expect(run(3)).toEqual(run(3));
  expect(run(3).timeline.age).not.toEqual(run(4).timeline.age);
});

test('records are conserved whatever happens to them', () => {
  for (let index = 0; index < 12; index++) {
    const { balance } = simulate({
      scenario: randomScenario(index),
      controller: kedaTuned,
      seed: index,
      stepSeconds: 0.5,
    });
    expect(balance.arrived).toBeGreaterThan(0);
    expect(balance.departed + balance.waiting).toBeCloseTo(balance.arrived, 3);
  }
});

test('one replica of 40/s against 300/s: the age grows by 0.87 s per second', () => {
  const { timeline } = simulate({ scenario: measured('kind-hold'), controller: staticCount(1), seed: 1 });
  expect(timeline.age[100]! / 100).toBeCloseTo(1 - 40 / 300, 1);
  expect(timeline.lag[100]! / 100).toBeCloseTo(260, -1);
});

test('enough replicas keep the objective, and who knows the trace keeps it at least cost', () => {
  const scenario = evaluation('step');
  const known = simulate({ scenario, controller: oracle, seed: 1 });
  expect(known.secondsOver).toBe(0);
  const learning = simulate({ scenario, controller: flinkTuned, seed: 1 });
  expect(learning.secondsOver).toBeGreaterThan(0);
  expect(learning.replicaSeconds).toBeGreaterThan(known.replicaSeconds);
});

test('what is written after an outage is as old as it waited', () => {
  const { age, timeline } = simulate({
    scenario: evaluation('broker-outage'),
    controller: staticCount(24),
    seed: 1,
  });
  expect(age.max).toBeGreaterThan(119);
  expect(age.max).toBeLessThan(135);
  // In the topics it has waited only since it was written.
  expect(Math.max(...timeline.age.subarray(1_035))).toBeLessThan(60);
});

test('a poisoned partition waits, its neighbours do not', () => {
  const { timeline, age } = simulate({
    scenario: evaluation('poisoned'),
    controller: staticCount(24),
    seed: 1,
  });
  expect(timeline.age[890]).toBeGreaterThan(280);
  expect(age.p50).toBeLessThan(1);
  expect(timeline.age[1_000]).toBeLessThan(1);
});

test('ours follows a step at once and in few actions', () => {
  const { actions } = simulate({ scenario: measured('kind-step'), controller: OURS, seed: 1, phase: 0 });
  expect(actions[0]).toMatchObject({ from: 1 });
  expect(actions[0]!.at).toBeLessThanOrEqual(36);
  expect(actions.length).toBeLessThanOrEqual(6);
});

test.each([
  ['a chance reading of the look in which the step came', 3, 1.25],
  ['a chance reading of some seconds', 5, 0.75],
  ['a backlog that would be harmless before long', 5, 0],
  ['old events that are in time and grow no older', 2, 0],
])('ours buys no level more than a step needs, for %s', (_, seed, phase) => {
  const run = simulate({ scenario: measured('kind-step'), controller: OURS, seed, phase });
  expect(run.secondsOver).toBe(0);
  expect(run.peakReplicas).toBe(8);
  expect(run.replicaSeconds).toBeLessThanOrEqual(3_200);
});

describe.each([
  ['on a machine that has room', MEASURED],
  ['on one where replicas that start slow the others down', { ...MEASURED, speedWhileStarting: 0.4 }],
])('consumers that say nothing, take partitions in turn and commit as they go, %s', (_, environment) => {
  const all = [1, 2, 3].flatMap((seed) => [0, 0.5, 1, 1.5].map((phase) => ({ seed, phase })));
  const run = (name: string) => {
    const scenario = measuredScenarios(environment).find((one) => one.name === name)!;
    return all.map((when) => simulate({ scenario, controller: OURS_PLAIN, ...when }));
  };

  test('a step takes no more replicas than it needs with room to spare, though what one can is read from lumps', () => {
    for (const { peakReplicas, secondsOver } of run('kind-step')) {
      expect(peakReplicas).toBeLessThanOrEqual(12);
      expect(secondsOver).toBeLessThanOrEqual(10);
    }
  });

  test('a spike is over before events are late, and so are its replicas', () => {
    for (const { secondsOver, replicaSeconds } of run('kind-spike')) {
      expect(secondsOver).toBeLessThanOrEqual(5);
      expect(replicaSeconds).toBeLessThanOrEqual(2_000);
    }
  });
});

test('a reversal is an action against the one before, soon after it, on the same stage', () => {
  const action = (at: number, stage: number, from: number, to: number) => ({ at, stage, from, to });
  expect(countReversals([action(0, 0, 1, 4), action(100, 0, 4, 1), action(450, 0, 1, 4)])).toBe(1);
  expect(countReversals([action(0, 0, 1, 4), action(10, 1, 4, 1), action(20, 0, 4, 8)])).toBe(0);
});
