import { expect, test } from 'vitest';
import { createMetrics } from '../../otel/metrics.ts';
import { Board } from './board.ts';
import { decisionOf, KNOWN, rig } from './loop.fixture.ts';
import { createMetricsSink } from './loop-metrics.ts';
import type { Outcome, Result } from './ports.ts';

const SCALERS = 1_000;

function outcome(
  name: string,
  result: Result = 'held',
  reason: 'Steady' | 'LoadAboveCapacity' = 'Steady',
): Outcome {
  const { scaler } = rig(name);
  const observation = { spec: scaler.spec, lag: KNOWN, replicas: { desired: 1, ready: 1, revision: '' } };
  return { scaler, observation, decision: decisionOf(name, 3, reason), result, error: undefined };
}

function operator() {
  const metrics = createMetrics('operator');
  const board = new Board();
  const sink = createMetricsSink(metrics, board);
  const tick = (outcomes: readonly Outcome[]): void => {
    board.accept(outcomes, 0);
    void sink.accept(outcomes, 0);
  };
  const scrape = (): Promise<string> =>
    new Promise((resolve) => {
      metrics.handler({} as never, { setHeader: () => {}, end: resolve } as never);
    });
  return { tick, scrape, settle: (one: Outcome) => void sink.settle?.(one) };
}

const series = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`));

test('of a thousand scalers every series is shown, also when each has had decisions of many kinds', async () => {
  const { tick, scrape, settle } = operator();
  const names = Array.from({ length: SCALERS }, (_, n) => `shop/stage-${n}`);
  tick(names.map((name) => outcome(name)));
  tick(names.map((name) => outcome(name, 'paused')));
  tick(names.map((name) => outcome(name, 'applying', 'LoadAboveCapacity')));
  for (const name of names) settle(outcome(name, 'scaled', 'LoadAboveCapacity'));
  tick(names.map((name) => outcome(name)));
  const text = await scrape();
  expect(series(text, 'sluice_scaler_replicas')).toHaveLength(3 * SCALERS);
  expect(series(text, 'sluice_scaler_decisions_total')).toHaveLength(3 * SCALERS);
  expect(series(text, 'sluice_scaler_age')).toHaveLength(SCALERS);
  expect(text).toContain(
    'sluice_scaler_decisions_total{scaler="shop/stage-999",reason="Steady",result="held"} 2\n',
  );
  expect(text).toContain('{scaler="shop/stage-0",reason="LoadAboveCapacity",result="scaled"} 1\n');
  expect(text).not.toContain('overflow');
});

test('of a scaler that is gone nothing is shown', async () => {
  const { tick, scrape } = operator();
  tick([outcome('stays'), outcome('goes')]);
  expect(await scrape()).toContain('scaler="goes"');
  tick([outcome('stays')]);
  const text = await scrape();
  expect(text).toContain('sluice_scaler_decisions_total{scaler="stays",reason="Steady",result="held"} 2\n');
  expect(text).not.toContain('scaler="goes"');
});

test('a lag that is not known any more is not shown', async () => {
  const { tick, scrape } = operator();
  tick([outcome('one')]);
  expect(series(await scrape(), 'sluice_scaler_lag')).toEqual(['sluice_scaler_lag{scaler="one"} 5200']);
  const { decision, ...rest } = outcome('one');
  const measured = { ...decision.measured, lagRecords: undefined };
  tick([{ ...rest, decision: { ...decision, measured } }]);
  expect(series(await scrape(), 'sluice_scaler_lag')).toEqual([]);
});
