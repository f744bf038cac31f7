import { expect, test } from 'vitest';
import { simulate } from '../simulate.ts';
import { MEASURED } from '../traces/environments.ts';
import { measuredScenarios } from '../traces/measured.ts';
import { kedaDefault, kedaTuned, kedaTuned1s } from './baselines.ts';
import type { ControllerKind } from './controller.ts';
import { kedaMetric } from './keda.ts';

const scenarios = measuredScenarios(MEASURED);

/** The first `count` actions as second:from>to. */
function actionsOf(
  controller: ControllerKind,
  trace: string,
  phases: { phase: number; pollPhase?: number },
  count: number,
) {
  const scenario = scenarios.find(({ name }) => name === trace)!;
  const { actions } = simulate({ scenario, controller, seed: 1, ...phases });
  return actions.slice(0, count);
}
const text = (actions: ReturnType<typeof actionsOf>): string =>
  actions.map(({ at, from, to }) => `${Math.floor(at)}:${from}>${to}`).join(' ');

test('the cap compares whole quotients: one replica more than there are partitions', () => {
  expect(kedaMetric(39, 10, 3)).toBe(39);
  expect(kedaMetric(40, 10, 3)).toBe(30);
  expect(kedaMetric(12, 10, 24)).toBe(12);
});

test('defaults climb as measured: a doubling every 15 s, to the last partition whatever the load', () => {
  expect(text(actionsOf(kedaDefault, 'kind-step', { phase: 14.3 }, 4))).toBe(
    '44:1>4 59:4>8 74:8>16 89:16>24',
  );
  expect(text(actionsOf(kedaDefault, 'kind-flat', { phase: 13.4 }, 4))).toBe(
    '13:1>4 28:4>8 43:8>16 58:16>24',
  );
  expect(text(actionsOf(kedaDefault, 'kind-spike', { phase: 5.2 }, 4))).toBe(
    '35:1>4 50:4>8 65:8>16 80:16>24',
  );
});

test('from zero as measured: the poll wakes, then the HPA climbs', () => {
  const phases = { phase: 5.7, pollPhase: 20.5 };
  expect(text(actionsOf(kedaDefault, 'kind-zero', phases, 3))).toBe('80:0>1 80:1>4 95:4>8');
});

test('tuned settings jump at the first sync, to what was measured within two replicas, and flap afterwards', () => {
  const step = actionsOf(kedaTuned, 'kind-step', { phase: 14.3 }, 20);
  expect(Math.floor(step[0]!.at)).toBe(44);
  expect(Math.abs(step[0]!.to - 19)).toBeLessThanOrEqual(2);
  expect(step.length).toBeGreaterThanOrEqual(7);
  const spike = actionsOf(kedaTuned1s, 'kind-spike', { phase: 2 }, 2);
  expect(Math.floor(spike[0]!.at)).toBe(32);
  expect(Math.abs(spike[0]!.to - 17)).toBeLessThanOrEqual(2);
  expect(spike[1]!.to).toBe(24);
});
