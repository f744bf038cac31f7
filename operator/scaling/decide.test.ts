import { expect, test } from 'vitest';
import { decide, initialState, learnedOf, restoreState } from './decide.ts';
import { knownLag, observation, running, spec, unknownLag } from './test-observations.ts';
import { TestStage } from './test-stage.ts';
import type { Decision } from './types.ts';

const TICK = 2;

/** Runs stages in a row (each record settled by one is written to the next) and gives the last decisions. */
function drive(
  stages: readonly TestStage[],
  {
    rate,
    seconds,
    state = initialState(),
    from = 0,
  }: { rate: number; seconds: number; state?: ReturnType<typeof initialState>; from?: number },
) {
  const decisions: Decision[][] = [];
  let at = from;
  for (; at < from + seconds; at += TICK) {
    let arriving = rate * TICK;
    for (const stage of stages) {
      const before = stage.settled;
      stage.run(TICK, arriving);
      arriving = stage.settled - before;
    }
    const decided = decide(state, observation(at, ...stages.map((stage) => stage.observe())));
    state = decided.state;
    decisions.push([...decided.decisions]);
    decided.decisions.forEach(({ replicas }, index) => stages[index]!.scale(replicas));
  }
  return {
    state,
    at,
    decisions,
    last: decisions.at(-1)!,
    of: (index: number) => decisions.map((each) => each[index]!),
  };
}

test('a step is answered in one jump to the partition level that its rate and the busy time ask for', () => {
  const stage = new TestStage();
  const calm = drive([stage], { rate: 30, seconds: 70 });
  expect(calm.last[0]).toMatchObject({ replicas: 1, reason: 'Steady' });

  const step = drive([stage], { rate: 300, seconds: 20, state: calm.state, from: calm.at });
  expect(step.decisions[0]![0]).toMatchObject({ replicas: 8, reason: 'LoadAboveCapacity' });
  expect(step.decisions[0]![0]!.message).toMatch(
    /^300\/s arrive \(289\/s or more\), 40\/s per replica at 98 % need 7\.4; 8 is the next even split of 24 partitions; with 1 replica /,
  );
  expect(step.last[0]).toMatchObject({ replicas: 8 });
});

test('says of every count that was considered why it was not taken', () => {
  const stage = new TestStage();
  const { state, at } = drive([stage], { rate: 30, seconds: 70 });
  const { alternatives } = drive([stage], { rate: 300, seconds: 2, state, from: at }).last[0]!;
  expect(alternatives.filter(({ verdict }) => verdict === 'chosen').map(({ replicas }) => replicas)).toEqual([
    8,
  ]);
  expect(alternatives.map(({ replicas }) => replicas)).toEqual([1, 2, 3, 4, 5, 6, 8]);
  expect(alternatives.find(({ replicas }) => replicas === 4)?.why).toMatch(/\/s would be \d+ % of 160\/s/);
});

test('replicas go when fewer have long been enough, in one jump', () => {
  const stage = new TestStage({}, { replicas: 12 });
  const run = drive([stage], { rate: 30, seconds: 200 });
  const changes = run
    .of(0)
    .filter(({ replicas }, index) => index > 0 && replicas !== run.of(0)[index - 1]!.replicas);
  expect(changes.map(({ replicas, reason }) => [replicas, reason])).toEqual([[1, 'LoadBelowCapacity']]);
});

test('a start without history holds, and lowers nothing before its window is full', () => {
  const stage = new TestStage({}, { replicas: 12 });
  const run = drive([stage], { rate: 30, seconds: 44 });
  expect(run.of(0).every(({ replicas }) => replicas === 12)).toBe(true);
});

test('a start without history raises at once when it has learned the capacity before', () => {
  const learned = { stage: { capacityPerReplica: 40, coldStarts: [3], rebalanceSeconds: 1 } };
  const stage = new TestStage({}, { replicas: 2 });
  const run = drive([stage], { rate: 300, seconds: 4, state: restoreState(learned) });
  expect(run.last[0]!.replicas).toBe(8);
});

test('what was learned is told again, for scalers not seen since the start too', () => {
  const stage = new TestStage({}, { replicas: 2 });
  const state = restoreState({ other: { capacityPerReplica: 7 } });
  const run = drive([stage], { rate: 60, seconds: 20, state });
  expect(learnedOf(run.state)).toMatchObject({
    other: { capacityPerReplica: 7 },
    stage: { capacityPerReplica: expect.closeTo(40, 3) },
  });
});

test('a consumer that tells nothing of itself is measured while it is behind', () => {
  const stage = new TestStage();
  stage.tellsLoad = false;
  const run = drive([stage], { rate: 300, seconds: 60 });
  expect(run.last[0]).toMatchObject({
    measured: { capacitySource: 'saturated', capacityPerReplica: expect.closeTo(40, -1) },
  });
  expect(run.last[0]!.replicas).toBeGreaterThanOrEqual(8);
});

test('later stages are raised when load comes in at the first one, before it has reached them', () => {
  const stages = [
    new TestStage({ name: 'first' }, { perReplica: 400 }),
    new TestStage({ name: 'second', upstream: ['first'] }, { perReplica: 40 }),
    new TestStage({ name: 'third', upstream: ['second'] }, { perReplica: 40 }),
  ];
  const calm = drive(stages, { rate: 30, seconds: 70 });
  const step = drive(stages, { rate: 300, seconds: 2, state: calm.state, from: calm.at });
  expect(step.last.map(({ replicas }) => replicas >= 8)).toEqual([false, true, true]);
  expect(step.last[2]).toMatchObject({
    reason: 'UpstreamLoad',
    measured: { lagRecords: expect.any(Number) },
  });
});

test('what a rebalance has held back is no load for the stage after the next one either', () => {
  const stages = [
    new TestStage({ name: 'first' }, { perReplica: 300, replicas: 2 }),
    new TestStage({ name: 'second', upstream: ['first'] }, { perReplica: 40, replicas: 12 }),
    new TestStage({ name: 'third', upstream: ['second'] }, { perReplica: 120, replicas: 3 }),
  ];
  const calm = drive(stages, { rate: 300, seconds: 40 });
  stages[0]!.generation++;
  stages[0]!.ready = 0;
  const held = drive(stages, { rate: 300, seconds: 4, state: calm.state, from: calm.at });
  stages[0]!.ready = 2;
  const after = drive(stages, { rate: 300, seconds: 30, state: held.state, from: held.at });
  const arrived = after.of(2).map(({ measured }) => measured.arrivalPerSecond ?? 0);
  // More than three replicas settle, for some looks.
  expect(Math.max(...arrived)).toBeGreaterThan(360);
  expect(after.of(2).map(({ replicas }) => replicas)).toEqual(after.of(2).map(() => 3));
});

test('a chain that sleeps wakes as a whole, straight to what is needed', () => {
  const sleepy = { minReplicas: 0, idleSeconds: 20 };
  const stages = [
    new TestStage({ name: 'first', ...sleepy }),
    new TestStage({ name: 'second', upstream: ['first'], ...sleepy }),
  ];
  const busy = drive(stages, { rate: 70, seconds: 60 });
  const idle = drive(stages, { rate: 0, seconds: 60, state: busy.state, from: busy.at });
  expect(idle.last.map(({ replicas }) => replicas)).toEqual([0, 0]);
  const woken = drive(stages, { rate: 70, seconds: 2, state: idle.state, from: idle.at });
  expect(woken.last.map(({ reason }) => reason)).toEqual(['WokenByEvents', 'WokenByUpstream']);
  expect(woken.last.every(({ replicas }) => replicas >= 2)).toBe(true);
});

test('a stage that has never been seen busy does not wake for nothing', () => {
  const stage = new TestStage({ minReplicas: 0 }, { replicas: 0 });
  const run = drive([stage], { rate: 0, seconds: 20 });
  expect(run.of(0).every(({ replicas, reason }) => replicas === 0 && reason === 'Steady')).toBe(true);
});

test('unknown lag holds, and after a while raises to the fallback', () => {
  const blind = (at: number, replicas: number) =>
    observation(at, {
      spec: spec({ fallback: { replicas: 6, afterSeconds: 60 } }),
      lag: unknownLag(),
      replicas: running(replicas),
    });
  const first = decide(initialState(), blind(0, 3));
  expect(first.decisions[0]).toMatchObject({ replicas: 3, reason: 'LagUnknown' });
  const second = decide(first.state, blind(59, 3));
  expect(second.decisions[0]).toMatchObject({ replicas: 3, reason: 'LagUnknown' });
  const third = decide(second.state, blind(60, 3));
  expect(third.decisions[0]).toMatchObject({ replicas: 6, reason: 'Fallback' });
  expect(decide(third.state, blind(62, 9)).decisions[0]).toMatchObject({ replicas: 9, reason: 'LagUnknown' });
});

test('a topic made anew is unknown for one look, then begins where the group will', () => {
  const at = (seconds: number, end: number, committed: number) =>
    observation(seconds, {
      spec: spec(),
      lag: knownLag({ ends: [end], committed: [committed] }),
      replicas: running(1),
    });
  const before = decide(initialState(), at(0, 1_000, 1_000));
  const recreated = decide(before.state, at(2, 10, 1_000));
  expect(recreated.decisions[0]).toMatchObject({ reason: 'LagUnknown', measured: { lagRecords: undefined } });
  const next = decide(recreated.state, at(4, 20, 1_000));
  const later = decide(next.state, at(6, 30, 1_000));
  expect(later.decisions[0]!.measured.lagRecords).toBe(30);
});

test('replicas set by hand are where it goes on from, and it says so', () => {
  const stage = new TestStage({}, { replicas: 2 });
  const calm = drive([stage], { rate: 60, seconds: 80 });
  stage.scale(6);
  const after = drive([stage], { rate: 60, seconds: 2, state: calm.state, from: calm.at });
  expect(after.last[0]).toMatchObject({ replicas: 6 });
  expect(after.last[0]!.message).toMatch(/^replicas were set to 6 by somebody else/);
});

test('a decision that is not carried out, as in a dry run, is made again and judges nothing', () => {
  const stage = new TestStage({}, { replicas: 2 });
  const calm = drive([stage], { rate: 60, seconds: 80 });
  let { state } = calm;
  const seen: number[] = [];
  for (let at = calm.at; at < calm.at + 60; at += TICK) {
    stage.run(TICK, 600);
    const decided = decide(state, observation(at, stage.observe()));
    state = decided.state;
    seen.push(decided.decisions[0]!.replicas);
    expect(decided.decisions[0]!.conditions).not.toContainEqual(
      expect.objectContaining({ type: 'Bottlenecked', status: true }),
    );
  }
  expect(Math.min(...seen.slice(2))).toBeGreaterThanOrEqual(8);
});

test.each([
  ['what a replica can do is not known', {}, 'CapacityUnknown'],
  ['a replica can do less than was said', { capacityHint: 1_000 }, 'BacklogTooOld'],
])('a dry run says the same at every look: %s', (_, given, reason) => {
  const stage = new TestStage(given, { perReplica: 40 });
  stage.tellsLoad = false;
  let state = initialState();
  const said: string[] = [];
  for (let at = 0; at < 120; at += TICK) {
    // Half of the partitions get nothing, so that nothing shows what a replica can.
    for (let partition = 0; partition < 12; partition++) stage.ends[partition]! += 10;
    stage.run(TICK, 0);
    const decided = decide(state, observation(at, stage.observe()));
    state = decided.state;
    said.push(`${decided.decisions[0]!.reason} ${decided.decisions[0]!.replicas > 1}`);
  }
  const changes = said.filter((one, index) => index > 0 && one !== said[index - 1]);
  expect(changes).toEqual([`${reason} true`]);
  expect(said.at(-1)).toBe(`${reason} true`);
});

test.each([1, 2, 3, 8])('the first %i records of a stage that nobody knows yet are no growth', (records) => {
  const stage = new TestStage({}, { perReplica: 40 });
  const calm = drive([stage], { rate: 0, seconds: 60 });
  stage.run(0, records);
  const { decisions } = decide(calm.state, observation(calm.at, stage.observe()));
  expect(decisions[0]).toMatchObject({ replicas: 1 });
});

test('a dry run goes back to what there is when there is no need any more', () => {
  const stage = new TestStage({}, { perReplica: 40 });
  stage.tellsLoad = false;
  let state = initialState();
  const wanted: number[] = [];
  for (let at = 0; at < 120; at += TICK) {
    for (let partition = 0; partition < 12; partition++) stage.ends[partition]! += at < 40 ? 10 : 0;
    stage.run(TICK, 0);
    const decided = decide(state, observation(at, stage.observe()));
    state = decided.state;
    wanted.push(decided.decisions[0]!.replicas);
  }
  expect(Math.max(...wanted)).toBeGreaterThan(1);
  expect(wanted.at(-1)).toBe(1);
});

test('the bounds are kept: raised to the least, cut to the most', () => {
  const at = (replicas: number, given: object) =>
    decide(
      initialState(),
      observation(0, { spec: spec(given), lag: knownLag({ ends: [5, 5] }), replicas: running(replicas) }),
    ).decisions[0];
  expect(at(1, { minReplicas: 3 })).toMatchObject({ replicas: 3, reason: 'BelowMinimum' });
  expect(at(9, { maxReplicas: 4 })).toMatchObject({ replicas: 4, reason: 'AboveMaximum' });
});

test('another revision keeps what the old one could as a first guess', () => {
  const stage = new TestStage({}, { replicas: 2 });
  const calm = drive([stage], { rate: 60, seconds: 80 });
  stage.revision = '2';
  const decided = decide(calm.state, observation(calm.at, stage.observe()));
  expect(decided.decisions[0]!.measured).toMatchObject({
    capacitySource: 'hint',
    capacityPerReplica: expect.closeTo(40, 3),
  });
});

test('replicas that share a full database are given back, and more are tried again later', () => {
  const stage = new TestStage({}, { replicas: 4, perReplica: 40 });
  let { state, at } = drive([stage], { rate: 100, seconds: 80 });
  const reasons = new Map<string, Decision>();
  for (const end = at + 400; at < end; at += TICK) {
    stage.perReplica = 160 / stage.ready;
    stage.run(TICK, 600);
    const decided = decide(state, observation(at, stage.observe()));
    state = decided.state;
    const decision = decided.decisions[0]!;
    if (!reasons.has(decision.reason)) reasons.set(decision.reason, decision);
    stage.scale(decision.replicas);
  }
  const rolledBack = reasons.get('BottleneckRollback');
  expect(rolledBack?.conditions).toContainEqual(
    expect.objectContaining({ type: 'Bottlenecked', status: true }),
  );
  expect(rolledBack?.replicas).toBeLessThanOrEqual(8);
  expect(stage.replicas).toBeLessThanOrEqual(12);
  expect(reasons.get('Bottlenecked')?.message).toMatch(/tried again in/);
});

test('scalers that miss from one look are remembered', () => {
  const [one, two] = [
    new TestStage({ name: 'one' }, { replicas: 2 }),
    new TestStage({ name: 'two' }, { replicas: 2 }),
  ];
  const both = drive([one, two], { rate: 60, seconds: 20 });
  const without = decide(both.state, observation(both.at, one.observe()));
  expect(without.decisions.map(({ scaler }) => scaler)).toEqual(['one']);
  expect(learnedOf(without.state)).toHaveProperty('two.capacityPerReplica');
  expect(decide(without.state, observation(both.at + 700)).state.scalers).toEqual({});
});

test.each([
  [8, 30],
  [14, 0],
])('after a gap of %d s in what is known, %d/s arrive', (seconds, arrivals) => {
  const stage = new TestStage();
  let { state, at } = drive([stage], { rate: 30, seconds: 70 });
  for (const end = at + seconds; at < end; at += TICK) {
    stage.run(TICK, 30 * TICK);
    const { decisions, state: next } = decide(
      state,
      observation(at, { ...stage.observe(), lag: unknownLag() }),
    );
    expect(decisions[0]).toMatchObject({ replicas: 1, reason: 'LagUnknown' });
    state = next;
  }
  const after = drive([stage], { rate: 30, seconds: TICK, state, from: at }).last[0]!;
  expect(after.replicas).toBe(1);
  expect(after.measured.arrivalPerSecond ?? 0).toBeCloseTo(arrivals, 0);
});

test('ten minutes without knowledge lower nothing; after them the load must have been low for as long as ever', () => {
  const stage = new TestStage({}, { replicas: 12 });
  let { state, at } = drive([stage], { rate: 400, seconds: 70 });
  for (const end = at + 600; at < end; at += TICK) {
    const blind = decide(state, observation(at, { ...stage.observe(), lag: unknownLag() }));
    expect(blind.decisions[0]).toMatchObject({ replicas: 12, reason: 'LagUnknown' });
    state = blind.state;
  }
  const after = drive([stage], { rate: 30, seconds: 200, state, from: at });
  const lowered = after.of(0).findIndex(({ replicas }) => replicas < 12) * TICK;
  expect(lowered).toBeGreaterThanOrEqual(44);
});
