import { describe, expect, test } from 'vitest';
import { NO_SURGE } from './need.ts';
import { outflowOf, ownPlan, type Plan, planFrom } from './plan.ts';

const plan = (given: Partial<Plan> = {}): Plan => ({
  soon: 300,
  sizing: 300,
  ahead: 300,
  open: 0,
  surge: NO_SURGE,
  because: 'arrivals',
  ...given,
});

describe('of its own arrivals a stage is sized', () => {
  const arrival = (seconds: number) => ({ perSecond: 300, certainPerSecond: 280, seconds });
  test.each([
    ['for all of them, when they were counted for a minute', 60, 300, 0],
    ['for a deviation less, when they were counted for a moment', 2, 300 - 9 * (58 / 60), 58 / 60],
  ])('%s', (_, seconds, sizing, open) => {
    expect(ownPlan(arrival(seconds), undefined, 5)).toMatchObject({
      soon: 280,
      sizing: expect.closeTo(sizing, 9),
      ahead: 300,
      open: expect.closeTo(open, 9),
    });
  });

  test('for what will come, on a ramp', () => {
    expect(ownPlan(arrival(20), { perSecond: 310, slope: 2 }, 5)).toEqual(
      plan({ soon: 320, sizing: 430, ahead: 430, because: 'ramp' }),
    );
  });
});

describe('a stage upstream passes on', () => {
  test('what comes to it, times the gain, at most what it can', () => {
    const stages = [
      { plan: plan(), backlog: 0, capacity: 320 },
      { plan: plan(), backlog: 0, capacity: 100 },
    ];
    expect(outflowOf(stages, 2)).toMatchObject({ soon: 800, sizing: 800, ahead: 800 });
  });

  test('and for a while what waits there and before, as fast as it can', () => {
    const behind = plan({ surge: { records: 500, perSecond: 900 } });
    expect(outflowOf([{ plan: behind, backlog: 1_000, capacity: 480 }], 0.5).surge).toEqual({
      records: 750,
      perSecond: 240,
    });
  });
});

test('what is on its way from upstream counts, what a rebalance there has held back does not', () => {
  const outflow = { soon: 200, sizing: 200, ahead: 200, surge: NO_SURGE };
  const samples = Array.from({ length: 12 }, (_, look): [number, number, number] => [
    2 * look,
    600 * look,
    0,
  ]);
  expect(planFrom(plan({ soon: 100 }), outflow, samples, false)).toMatchObject({
    soon: 200,
    because: 'upstream',
  });
  expect(planFrom(plan({ soon: 900, ahead: 900 }), outflow, samples, false)).toMatchObject({ ahead: 900 });
  expect(planFrom(plan({ soon: 900, ahead: 900 }), outflow, samples, true)).toMatchObject({ ahead: 300 });
});
