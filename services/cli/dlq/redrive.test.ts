import { expect, test } from 'vitest';
import { redrive } from './redrive.ts';

/** Redrives `count` letters against a clock that only sleeping and `stepMs` move. */
async function run(count: number, perSecond: number, { stepMs = 0, stopAfter = Infinity } = {}) {
  let nowMs = 0;
  let left = count;
  const moments: number[] = [];
  const abort = new AbortController();
  const result = await redrive({
    perSecond,
    signal: abort.signal,
    now: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    step: (afterId, limit) => {
      nowMs += stepMs;
      const taken = Math.min(left, limit);
      left -= taken;
      moments.push(...Array.from({ length: taken }, () => nowMs));
      if (moments.length >= stopAfter) abort.abort();
      return Promise.resolve(
        Array.from({ length: taken }, (_, n) => ({
          id: String(Number(afterId) + n + 1),
          topic: 't',
          cause: 'c',
        })),
      );
    },
    onStep: () => {},
  });
  return { result, moments };
}

test('redrives everything, in order, and counts it by topic and cause', async () => {
  const { result } = await run(120, 50);
  expect(result).toEqual({ done: 120, groups: new Map([['t\0c', 120]]), interrupted: false });
});

// A step goes at once, and the window may begin with one: a tenth of a second's worth on top.
test.each([1, 7, 50, 333, 20_000])('keeps to %i/s in every second', async (perSecond) => {
  const { moments } = await run(Math.min(perSecond * 3, 2_000), perSecond);
  for (const start of moments) {
    const within = moments.filter((at) => at >= start && at < start + 999);
    expect(within.length).toBeLessThanOrEqual(Math.ceil(perSecond * 1.1));
  }
});

test('does not make up for a slow database in a burst', async () => {
  const { moments } = await run(30, 10, { stepMs: 400 });
  const gaps = moments.slice(1).map((at, index) => at - moments[index]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(400);
});

test('ends after the present step when interrupted', async () => {
  const { result } = await run(1_000, 50, { stopAfter: 20 });
  expect(result).toMatchObject({ done: 20, interrupted: true });
});
