import { expect, test } from 'vitest';
import { Hpa } from './hpa.ts';

const limits = { perReplica: 10, min: 1, max: 24 };

test('without behavior: 1, 4, 8, 16, 24, a sync apart', () => {
  const hpa = new Hpa({ downWindowSeconds: 300, scaleUp: 'legacy' });
  let current = 1;
  const steps = [0, 15, 30, 45].map((at) => (current = hpa.sync({ at, current, total: 240, ...limits })));
  expect(steps).toEqual([4, 8, 16, 24]);
});

test('without behavior what was once asked for is still climbed to, at no load', () => {
  const hpa = new Hpa({ downWindowSeconds: 300, scaleUp: 'legacy' });
  expect(hpa.sync({ at: 0, current: 1, total: 240, ...limits })).toBe(4);
  expect(hpa.sync({ at: 15, current: 4, total: 0, ...limits })).toBe(8);
  expect(hpa.sync({ at: 299, current: 24, total: 0, ...limits })).toBe(24);
  expect(hpa.sync({ at: 301, current: 24, total: 0, ...limits })).toBe(1);
});

test('with behavior: at once up where nothing limits it, +4 or twice as many where the default does', () => {
  const unlimited = new Hpa({ downWindowSeconds: 60, scaleUp: 'unlimited' });
  expect(unlimited.sync({ at: 0, current: 1, total: 190, ...limits })).toBe(19);
  const usual = new Hpa({ downWindowSeconds: 60, scaleUp: 'default' });
  expect(usual.sync({ at: 0, current: 1, total: 190, ...limits })).toBe(5);
});

test('down only to the highest of the window', () => {
  const hpa = new Hpa({ downWindowSeconds: 60, scaleUp: 'unlimited' });
  expect(hpa.sync({ at: 0, current: 1, total: 190, ...limits })).toBe(19);
  expect(hpa.sync({ at: 45, current: 19, total: 100, ...limits })).toBe(19);
  expect(hpa.sync({ at: 61, current: 19, total: 0, ...limits })).toBe(10);
  expect(hpa.sync({ at: 106, current: 10, total: 0, ...limits })).toBe(1);
});

test('within a tenth nothing happens, so 22 of 24 replicas may stay short for good', () => {
  const hpa = new Hpa({ downWindowSeconds: 60, scaleUp: 'unlimited' });
  expect(hpa.sync({ at: 0, current: 22, total: 240, ...limits })).toBe(22);
  expect(hpa.sync({ at: 15, current: 21, total: 240, ...limits })).toBe(24);
});

test('without a metric, or at 0 replicas, it does nothing', () => {
  const hpa = new Hpa({ downWindowSeconds: 60, scaleUp: 'unlimited' });
  expect(hpa.sync({ at: 0, current: 7, total: undefined, ...limits })).toBe(7);
  expect(hpa.sync({ at: 15, current: 0, total: 500, ...limits })).toBe(0);
});
