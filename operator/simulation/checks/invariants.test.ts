import { expect, test } from 'vitest';
import type { Controller, ControllerKind } from '../controllers/controller.ts';
import { Timer } from '../controllers/controller.ts';
import { observe, specsOf } from '../model/observe.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { simulate } from '../simulate.ts';
import { OWN_STAGES } from '../traces/environments.ts';
import { evaluationScenarios } from '../traces/evaluation.ts';
import { checkRandomTrace } from './random-traces.ts';
import { InvariantWatch } from './invariants.ts';

/** Always says the same for every stage, and is not heard. */
function stubborn(replicas: number, watch: InvariantWatch): ControllerKind {
  const create = ({ pipeline }: { pipeline: Pipeline }): Controller => {
    const timer = new Timer(0, 2);
    const specs = specsOf(pipeline);
    return {
      step: () => {
        if (!timer.due(pipeline.now)) return [];
        const observation = observe(pipeline, specs);
        const decisions = specs.map(({ name }) => ({
          scaler: name,
          replicas,
          reason: 'LoadBelowCapacity' as const,
          message: 'because',
          measured: {
            lagRecords: undefined,
            ageSeconds: undefined,
            arrivalPerSecond: undefined,
            plannedPerSecond: undefined,
            capacityPerReplica: 40,
            capacitySource: undefined,
            utilization: undefined,
            coldStartSeconds: 0,
            rebalanceSeconds: 0,
            rebalances: 0,
            partitions: 24,
          },
          alternatives: [],
          conditions: [],
        }));
        watch.look(observation, decisions);
        return [];
      },
      restart: () => undefined,
    };
  };
  return { name: 'stubborn', source: '', writesLoad: true, create };
}

function breaksOf(trace: string, replicas: number): Set<string> {
  const scenario = evaluationScenarios(OWN_STAGES).find(({ name }) => name === trace)!;
  const watch = new InvariantWatch(scenario);
  simulate({ scenario, controller: stubborn(replicas, watch), seed: 1 });
  return new Set(watch.breaches.map(({ invariant }) => invariant));
}

test('the watch sees what it is there for', () => {
  expect(breaksOf('broker-outage', 1)).toContain('P1 unknown never lowers');
  expect(breaksOf('broker-outage', 1)).toContain('P5 no down below the need');
  expect(breaksOf('step', 25)).toContain('P2 within bounds');
  expect(breaksOf('step', 7)).toContain('P2 useful counts');
  expect(breaksOf('idle-bursts', 0)).toContain('P7 awake when there is work');
});

test('decide breaks none of them on random traces', () => {
  const results = Array.from({ length: 15 }, (_, index) => checkRandomTrace(index));
  expect(results.flatMap(({ breaches }) => breaches)).toEqual([]);
  expect(results.reduce((sum, { actions }) => sum + actions, 0)).toBeGreaterThan(20);
}, 60_000);

test('what no replica count can settle is not asked of one', () => {
  // Of 110/s one partition gets 67/s, where a replica settles 20/s: fifteen replicas do no more for it than four.
  expect(checkRandomTrace(160).breaches).toEqual([]);
});

test('what a hot partition gets is known from longer ago than what arrives, and is not taken off it', () => {
  // After an outage the rates of the last minute are those of the replay.
  expect([259, 291].flatMap((index) => checkRandomTrace(index).breaches)).toEqual([]);
});
