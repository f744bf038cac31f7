import { expect, test } from 'vitest';
import { renderComparison } from './render.ts';
import { compare } from './replay.ts';
import { summarize } from './summary.ts';
import { recordingOf } from './what-if.fixture.ts';

/** 50/s, a minute of 200/s, 50/s again; always one replica that can do 100/s. */
const step = recordingOf({
  arrivals: (second) => (second >= 60 && second < 120 ? 200 : 50),
  capacity: 100,
  replicas: () => 1,
  seconds: 400,
});

test('what was recorded is shown as it was', () => {
  const [stage] = compare(step, {});
  expect(stage!.name).toBe('stage');
  const summary = summarize(stage!.recorded, 10);
  expect(summary).toMatchObject({ replicaSeconds: 400, scalings: 0, maxReplicas: 1, unknownSeconds: 0 });
  expect(summary.maxLag).toBeGreaterThan(5_000);
  expect(summary.overSeconds).toBeGreaterThan(60);
});

test('with the operator at work the step is met, and what it took is given back', () => {
  const [stage] = compare(step, { maxAgeSeconds: 10, profile: 'cost' });
  const limit = { recorded: summarize(stage!.recorded, 10), whatIf: summarize(stage!.whatIf!, 10) };
  expect(limit.whatIf.maxReplicas).toBeGreaterThan(1);
  expect(limit.whatIf.overSeconds).toBeLessThan(limit.recorded.overSeconds / 3);
  expect(limit.whatIf.maxLag!).toBeLessThan(limit.recorded.maxLag! / 2);
  expect(stage!.whatIf!.points.at(-1)!.desired).toBe(1);
});

test('the same recording is decided the same', () => {
  expect(compare(step, { maxAgeSeconds: 5 })).toEqual(compare(step, { maxAgeSeconds: 5 }));
});

test('a limit holds', () => {
  const [stage] = compare(step, { maxReplicas: 2 });
  expect(summarize(stage!.whatIf!, 10).maxReplicas).toBe(2);
});

test('what was never measured is not made up', () => {
  const silent = recordingOf({ arrivals: () => 0, capacity: 1, replicas: () => 1, seconds: 20 }).map(
    (observation) => ({
      ...observation,
      scalers: observation.scalers.map((scaler) => ({
        ...scaler,
        lag: { kind: 'unknown', reason: 'BrokerUnreachable', message: 'gone' } as const,
      })),
    }),
  );
  const comparisons = compare(silent, {});
  expect(comparisons[0]!.whatIf).toBeUndefined();
  const text = renderComparison(comparisons, {}).join('\n');
  expect(text).toContain('its capacity was never measured');
  expect(text).toContain('20 s');
});

test('one scaler of several', () => {
  const two = step.map((observation) => ({
    ...observation,
    scalers: observation.scalers.flatMap((scaler) => [
      scaler,
      { ...scaler, spec: { ...scaler.spec, name: 'other' } },
    ]),
  }));
  expect(compare(two, { maxReplicas: 2 }, 'other').map(({ name }) => name)).toEqual(['other']);
  expect(compare(two, {}, 'nobody')).toEqual([]);
});
