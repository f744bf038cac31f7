import { expect, test } from 'vitest';
import { decideAlways, lagSource, rig } from './loop.fixture.ts';
import type { Outcome, OutcomeSink, ScalerSource, Unread } from './ports.ts';
import { createTargetReader } from './target-reader.ts';
import type { TickOptions } from './tick.ts';
import { createTick } from './tick.ts';

function collect(): OutcomeSink & { outcomes: Outcome[]; unread: Unread[] } {
  const outcomes: Outcome[] = [];
  const unread: Unread[] = [];
  return {
    outcomes,
    unread,
    accept: (some, _at, missing = []) => {
      outcomes.push(...some);
      unread.push(...missing);
    },
  };
}

function options(scalers: ScalerSource, sink: OutcomeSink, replicas = 3): TickOptions<number> {
  return {
    scalers,
    lag: lagSource(),
    decide: decideAlways(replicas),
    initialState: 0,
    sinks: [sink],
    fence: () => true,
    now: () => 0,
    readTarget: createTargetReader({ timeoutMs: 50, now: () => 0 }),
    onSinkError: () => {},
  };
}

test('what is decided is set, and told', async () => {
  const { scaler, scaled } = rig('a');
  const sink = collect();
  await createTick(options({ list: () => [scaler] }, sink))();
  expect(scaled).toEqual([3]);
  expect(sink.outcomes).toMatchObject([{ result: 'scaled', decision: { replicas: 3 } }]);
});

test('a target that has its replicas is left alone', async () => {
  const { scaler, scaled } = rig('a');
  const sink = collect();
  await createTick(options({ list: () => [scaler] }, sink, 1))();
  expect(scaled).toEqual([]);
  expect(sink.outcomes).toMatchObject([{ result: 'held' }]);
});

test.each(['paused', 'dry-run'] as const)('%s: decided and told, not set', async (mode) => {
  const { scaler, scaled } = rig('a', {}, mode);
  const sink = collect();
  await createTick(options({ list: () => [scaler] }, sink))();
  expect(scaled).toEqual([]);
  expect(sink.outcomes).toMatchObject([{ result: mode, decision: { replicas: 3 } }]);
});

test('whoever has lost the lease between the decision and the change writes nothing', async () => {
  const { scaler, scaled } = rig('a');
  const sink = collect();
  let leader = true;
  const given = options({ list: () => [scaler] }, sink);
  const tick = createTick({
    ...given,
    decide: (state, observation) => {
      leader = false;
      return given.decide(state, observation);
    },
    fence: () => leader,
  });
  await tick();
  expect(scaled).toEqual([]);
  expect(sink.outcomes).toMatchObject([{ result: 'not-leader' }]);
});

test('one target that refuses does not hold up the others', async () => {
  const bad = rig('bad', { scale: () => Promise.reject(new Error('conflict')) });
  const good = rig('good');
  const sink = collect();
  await createTick(options({ list: () => [bad.scaler, good.scaler] }, sink))();
  expect(good.scaled).toEqual([3]);
  expect(sink.outcomes.map(({ result, error }) => [result, error])).toEqual([
    ['failed', 'conflict'],
    ['scaled', undefined],
  ]);
});

test('a target that cannot be read, or not in time, is told; nothing is decided for it', async () => {
  const missing = rig('missing', { read: () => Promise.reject(new Error('no such stage')) });
  const slow = rig('slow', { read: () => new Promise(() => {}) });
  const good = rig('good');
  const sink = collect();
  await createTick(options({ list: () => [missing.scaler, slow.scaler, good.scaler] }, sink))();
  expect(sink.unread.map(({ scaler, error }) => [scaler.spec.name, error.message])).toEqual([
    ['missing', 'no such stage'],
    ['slow', 'the replicas were not read in 50 ms'],
  ]);
  expect(sink.outcomes.map(({ scaler }) => scaler.spec.name)).toEqual(['good']);
});

test('a target that misses one answer is taken to be as it was, for 10 s', async () => {
  let fails = false;
  let ms = 0;
  const { scaler } = rig('a', {
    read: () =>
      fails ? Promise.reject(new Error('busy')) : Promise.resolve({ desired: 2, ready: 2, revision: 'r' }),
  });
  const read = createTargetReader({ timeoutMs: 50, now: () => ms });
  await read(scaler.target);
  fails = true;
  ms = 9_999;
  expect(await read(scaler.target)).toEqual({ desired: 2, ready: 2, revision: 'r' });
  ms = 10_000;
  expect(await read(scaler.target)).toEqual(new Error('busy'));
});

test('a scaler that the lag source has forgotten is unknown', async () => {
  const { scaler } = rig('a');
  const sink = collect();
  const lag = { ...lagSource(), read: () => Promise.resolve(new Map()) };
  await createTick({ ...options({ list: () => [scaler] }, sink), lag })();
  expect(sink.outcomes).toMatchObject([{ observation: { lag: { kind: 'unknown' } } }]);
});

test('the state goes from tick to tick; a sink that throws hides nothing from the next', async () => {
  const { scaler } = rig('a');
  const sink = collect();
  const states: number[] = [];
  const errors: unknown[] = [];
  const given = options({ list: () => [scaler] }, sink);
  const tick = createTick({
    ...given,
    decide: (state, observation) => {
      states.push(state);
      return given.decide(state, observation);
    },
    sinks: [
      {
        accept: () => {
          throw new Error('full');
        },
      },
      sink,
    ],
    onSinkError: (error) => errors.push(error),
  });
  await tick();
  await tick();
  expect(states).toEqual([0, 1]);
  expect(sink.outcomes).toHaveLength(2);
  expect(errors).toEqual([new Error('full'), new Error('full')]);
});
