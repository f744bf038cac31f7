import { expect, test } from 'vitest';
import type { ApplierOptions } from './apply.ts';
import { Applier } from './apply.ts';
import { decideAlways, lagSource, rig } from './loop.fixture.ts';
import type { Outcome, OutcomeSink, ScalerSource, Unread } from './ports.ts';
import { createTargetReader } from './target-reader.ts';
import type { TickOptions } from './tick.ts';
import { createTick } from './tick.ts';

interface Collected extends OutcomeSink {
  readonly outcomes: Outcome[];
  readonly settled: Outcome[];
  readonly unread: Unread[];
}

function collect(): Collected {
  const outcomes: Outcome[] = [];
  const settled: Outcome[] = [];
  const unread: Unread[] = [];
  return {
    outcomes,
    settled,
    unread,
    accept: (some, _at, missing = []) => {
      outcomes.push(...some);
      unread.push(...missing);
    },
    settle: (outcome) => void settled.push(outcome),
  };
}

const applierOf = (options: Partial<ApplierOptions> = {}): Applier =>
  new Applier({ fence: () => true, now: () => 0, ...options });

function options(scalers: ScalerSource, sink: OutcomeSink, replicas = 3): TickOptions<number> {
  return {
    scalers,
    lag: lagSource(),
    decide: decideAlways(replicas),
    initialState: 0,
    applier: applierOf(),
    sinks: [sink],
    now: () => 0,
    readTargets: createTargetReader({ timeoutMs: 50, now: () => 0 }),
    onSinkError: () => {},
  };
}

/** One tick, and whatever it has begun, to its end. */
async function turn(given: TickOptions<number>): Promise<void> {
  await createTick(given)();
  await given.applier.idle();
}

test('what is decided is set, and told', async () => {
  const { scaler, scaled } = rig('a');
  const sink = collect();
  await turn(options({ list: () => [scaler] }, sink));
  expect(scaled).toEqual([3]);
  expect(sink.outcomes).toMatchObject([{ result: 'applying', decision: { replicas: 3 } }]);
  expect(sink.settled).toMatchObject([{ result: 'scaled', decision: { replicas: 3 } }]);
});

/** A target that answers when it is told to. */
function slowTarget() {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const asked: number[] = [];
  const scale = (replicas: number): Promise<void> => {
    asked.push(replicas);
    return answered;
  };
  return { asked, answer, ...rig('slow', { scale }) };
}

test('a tick does not wait for its changes, and the next one leaves out what is under way', async () => {
  const slow = slowTarget();
  const quick = rig('quick');
  const sink = collect();
  const seconds: number[] = [];
  let ms = 0;
  const given = options({ list: () => [slow.scaler, quick.scaler] }, sink);
  const applier = applierOf({ now: () => ms, onApplied: (took) => seconds.push(took) });
  const decided: string[][] = [];
  const tick = createTick({
    ...given,
    applier,
    decide: (state, observation) => {
      decided.push(observation.scalers.map(({ spec }) => spec.name));
      return given.decide(state, observation);
    },
  });
  await tick();
  await tick();
  await tick();
  expect(decided).toEqual([['slow', 'quick'], ['quick'], ['quick']]);
  expect(slow.asked).toEqual([3]);
  expect(applier.underway).toBe(1);
  ms = 4_000;
  slow.answer();
  await applier.idle();
  expect(seconds).toEqual([0, 0, 0, 4]);
  expect(sink.settled.map(({ scaler, result }) => `${scaler.spec.name} ${result}`)).toEqual([
    'quick scaled',
    'quick scaled',
    'quick scaled',
    'slow scaled',
  ]);
  await tick();
  expect(decided.at(-1)).toEqual(['slow', 'quick']);
  expect(slow.asked).toEqual([3, 3]);
});

test('nobody is told of the end of a change before its beginning', async () => {
  const { scaler } = rig('a');
  const told: string[] = [];
  const sink = (name: string): OutcomeSink => ({
    accept: async ([outcome]) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(`${name} ${outcome?.result}`);
    },
    settle: ({ result }) => void told.push(`${name} ${result}`),
  });
  const given = options({ list: () => [scaler] }, collect());
  await turn({ ...given, sinks: [sink('first'), sink('second')] });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(told).toEqual(['first applying', 'second applying', 'first scaled', 'second scaled']);
});

test('a target that has its replicas is left alone', async () => {
  const { scaler, scaled } = rig('a');
  const sink = collect();
  await turn(options({ list: () => [scaler] }, sink, 1));
  expect(scaled).toEqual([]);
  expect(sink.outcomes).toMatchObject([{ result: 'held' }]);
});

test.each(['paused', 'dry-run'] as const)('%s: decided and told, not set', async (mode) => {
  const { scaler, scaled } = rig('a', {}, mode);
  const sink = collect();
  await turn(options({ list: () => [scaler] }, sink));
  expect(scaled).toEqual([]);
  expect(sink.outcomes).toMatchObject([{ result: mode, decision: { replicas: 3 } }]);
});

test('whoever has lost the lease between the decision and the change writes nothing', async () => {
  const { scaler, scaled } = rig('a');
  const sink = collect();
  let leader = true;
  const given = options({ list: () => [scaler] }, sink);
  await turn({
    ...given,
    decide: (state, observation) => {
      leader = false;
      return given.decide(state, observation);
    },
    applier: applierOf({ fence: () => leader }),
  });
  expect(scaled).toEqual([]);
  expect(sink.outcomes).toMatchObject([{ result: 'not-leader' }]);
});

test('one target that refuses does not hold up the others', async () => {
  const bad = rig('bad', { scale: () => Promise.reject(new Error('conflict')) });
  const good = rig('good');
  const sink = collect();
  await turn(options({ list: () => [bad.scaler, good.scaler] }, sink));
  expect(good.scaled).toEqual([3]);
  expect(sink.settled.map(({ result, error }) => [result, error])).toEqual([
    ['failed', 'conflict'],
    ['scaled', undefined],
  ]);
});

test('a target that cannot be read, or not in time, is told; nothing is decided for it', async () => {
  const missing = rig('missing', { read: () => Promise.reject(new Error('no such stage')) });
  const slow = rig('slow', { read: () => new Promise(() => {}) });
  const good = rig('good');
  const sink = collect();
  await turn(options({ list: () => [missing.scaler, slow.scaler, good.scaler] }, sink));
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
  await read([scaler.target]);
  fails = true;
  ms = 9_999;
  expect(await read([scaler.target])).toEqual([{ desired: 2, ready: 2, revision: 'r' }]);
  ms = 10_000;
  expect(await read([scaler.target])).toEqual([new Error('busy')]);
});

test('a scaler that the lag source has forgotten is unknown', async () => {
  const { scaler } = rig('a');
  const sink = collect();
  const lag = { ...lagSource(), read: () => Promise.resolve(new Map()) };
  await turn({ ...options({ list: () => [scaler] }, sink), lag });
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
        settle: () => {
          throw new Error('still full');
        },
      },
      sink,
    ],
    onSinkError: (error) => errors.push(error),
  });
  await tick();
  await given.applier.idle();
  await tick();
  await given.applier.idle();
  expect(states).toEqual([0, 1]);
  expect(sink.outcomes).toHaveLength(2);
  expect(sink.settled).toHaveLength(2);
  expect(errors.map(String).toSorted()).toEqual([
    'Error: full',
    'Error: full',
    'Error: still full',
    'Error: still full',
  ]);
});
