import { describe, expect, test } from 'vitest';
import { type Bottleneck, confirmed, judge, NO_BOTTLENECK, type Trial } from './bottleneck.ts';
import type { SaturationSample } from './saturation.ts';
import { trialOf } from './test-observations.ts';

const trial = (given: Partial<Trial> = {}): Trial => trialOf({ from: 4, to: 8, throughput: 160, ...given });
const sample = (throughput: number, given: Partial<SaturationSample> = {}): SaturationSample => ({
  at: 120,
  since: 112,
  throughput,
  share: 1,
  ...given,
});
const onTrial = (given: Partial<Trial> = {}, ceiling?: Bottleneck['ceiling']): Bottleneck => ({
  trial: trial(given),
  ceiling,
});
const ceiling = { replicas: 4, throughput: 160, probeAt: 90, probeSeconds: 300, since: 50 };

describe('a scale-up from 4 to 8 replicas that settled 160/s', () => {
  test.each([
    ['brought a fifth of what it should', onTrial(), sample(192), NO_BOTTLENECK],
    ['brought less', onTrial(), sample(191), { trial: trial({ fruitless: 1 }), ceiling: undefined }],
    ['is not judged by what was before it', onTrial(), sample(10, { since: 90 }), onTrial()],
    ['brought enough, if the stage keeps up', onTrial(), sample(10, { share: 0.4 }), NO_BOTTLENECK],
    ['has nothing to be compared with', onTrial({ throughput: undefined }), sample(10), NO_BOTTLENECK],
  ] as const)('%s', (_, before, measured, after) => {
    expect(judge(before, measured, 24)).toEqual(after);
  });

  test('brought nothing twice: as many as settle as much, and tried again in 5 minutes', () => {
    expect(judge(onTrial({ fruitless: 1 }), sample(161), 24)).toEqual({
      trial: undefined,
      ceiling: { replicas: 4, throughput: undefined, probeAt: 420, probeSeconds: 300, since: 120 },
    });
  });

  test('brought a little: then not all are given back', () => {
    const { ceiling } = judge(onTrial({ fruitless: 1 }), sample(190), 24);
    expect(ceiling?.replicas).toBe(5);
  });
});

describe('at a ceiling', () => {
  test('each probe in vain doubles the time to the next, up to an hour', () => {
    const waits = [300, 600, 1_200, 2_400, 3_600];
    const seen = waits.map(
      (probeSeconds) =>
        judge(onTrial({ fruitless: 1, to: 5 }, { ...ceiling, probeSeconds }), sample(161), 24).ceiling
          ?.probeSeconds,
    );
    expect(seen).toEqual([600, 1_200, 2_400, 3_600, 3_600]);
  });

  test('a probe that helps moves it up, and the next level may be tried at once', () => {
    const { ceiling: moved } = judge(onTrial({ to: 5 }, ceiling), sample(190), 24);
    expect(moved).toMatchObject({ replicas: 5, probeAt: 90 });
  });

  test('a probe after which the stage keeps up removes it', () => {
    expect(judge(onTrial({ to: 5 }, ceiling), sample(100, { share: 0 }), 24)).toEqual(NO_BOTTLENECK);
  });

  test.each([
    ['is measured first', undefined, 150, { throughput: 150, probeAt: 900 }],
    ['that settles about the same stays', 160, 150, { throughput: 160, probeAt: 900 }],
    ['that settles a sixth more is probed at once', 160, 186, { throughput: 160, probeAt: 120 }],
    ['that settles a sixth less is, too', 160, 134, { throughput: 160, probeAt: 120 }],
  ] as const)('one %s', (_, throughput, measured, after) => {
    const before = { trial: undefined, ceiling: { ...ceiling, throughput, probeAt: 900 } };
    expect(judge(before, sample(measured), 24).ceiling).toMatchObject(after);
  });
});

describe('what members settle confirms a scale-up from 4 to 8 before a stretch is over', () => {
  const shown = { at: 110, perReplica: 40, replicas: 8 };
  test.each([
    ['as much as before', onTrial(), shown, true],
    ['clearly more than half of it', onTrial(), { ...shown, perReplica: 33 }, true],
    ['not where it may as well be shared', onTrial(), { ...shown, perReplica: 30 }, false],
    ['not by few of them', onTrial(), { ...shown, replicas: 3 }, false],
    ['not by what was before', onTrial(), { ...shown, at: 100 }, false],
    ['not by nothing', onTrial(), undefined, false],
    ['not a probe beyond a limit', onTrial({}, ceiling), shown, false],
    ['anything, where the stage was not full before', onTrial({ throughput: undefined }), shown, true],
    ['nothing without a trial', { ...NO_BOTTLENECK, ceiling }, shown, false],
  ])('%s', (_, before, seen, isConfirmed) => {
    expect(confirmed(before, seen, 24)).toBe(isConfirmed ? NO_BOTTLENECK : before);
  });
});
