import { sluice } from '../controllers/sluice.ts';
import type { Random } from '../model/random.ts';
import { createRandom } from '../model/random.ts';
import type { Environment, Fault, Scenario, StageModel } from '../model/scenario.ts';
import { even } from '../model/scenario.ts';
import { simulate } from '../simulate.ts';
import type { Shape } from '../traces/shapes.ts';
import { hot, lines, markov, pulse, randomWalk, sine, zipf } from '../traces/shapes.ts';
import type { Breach } from './invariants.ts';
import { InvariantWatch } from './invariants.ts';

export interface RandomTraceResult {
  readonly index: number;
  readonly breaches: readonly Breach[];
  readonly decisions: number;
  readonly actions: number;
}

const STEP_SECONDS = 0.5;
/** Every so many traces are run twice, to see that the second run is the same. */
const REPEAT_EVERY = 20;

/** Runs the random trace with this number under `decide` and reports every broken invariant. */
export function checkRandomTrace(index: number): RandomTraceResult {
  const scenario = randomScenario(index);
  const first = runWatched(scenario, index);
  const breaches = [...first.breaches];
  if (index % REPEAT_EVERY === 0) {
    const second = runWatched(scenario, index);
    if (JSON.stringify(second.actions) !== JSON.stringify(first.actions))
      breaches.push({ invariant: 'P8 deterministic', at: 0, stage: '', what: 'a second run differs' });
  }
  return { index, breaches, decisions: first.decisions, actions: first.actions.length };
}

function runWatched(scenario: Scenario, seed: number) {
  const watch = new InvariantWatch(scenario);
  const writesLoad = createRandom(seed, 'writes-load').uniform() < 0.7;
  const controller = sluice(writesLoad ? 'load' : 'offsets', watch.look);
  const { actions, balance } = simulate({ scenario, controller, seed, stepSeconds: STEP_SECONDS });
  const missing = balance.arrived - balance.departed - balance.waiting;
  const breaches = [...watch.breaches];
  if (Math.abs(missing) > 1e-3)
    breaches.push({ invariant: 'no record lost', at: 0, stage: '', what: `${missing} records` });
  return { breaches, actions, decisions: watch.decisions };
}

/** A scenario drawn at random; the same number always gives the same. */
export function randomScenario(index: number): Scenario {
  const random = createRandom(index, 'random-trace');
  const durationSeconds = Math.round(random.between(15, 30)) * 60;
  const partitions = pick(random, [3, 6, 12, 24, 30]);
  const count = pick(random, [1, 2, 3]);
  const stages = Array.from({ length: count }, (_, stage) => randomStage(random, stage, partitions));
  const slowest = Math.min(...stages.map(({ capacity }) => capacity));
  const highest = 0.8 * partitions * slowest * random.between(0.1, 1);
  return {
    name: `random-${index}`,
    title: '',
    durationSeconds,
    load: (seeded) => randomShape(seeded, highest, durationSeconds),
    stages,
    environment: randomEnvironment(random),
    faults: randomFaults(random, durationSeconds),
    initialReplicas: random.uniform() < 0.5 ? 1 : 'fitting',
    scalable: true,
  };
}

function randomStage(random: Random, index: number, partitions: number): StageModel {
  const weights = pick(random, [even(partitions), () => zipf(partitions), () => hot(partitions, 0.3)]);
  const slowFrom = random.between(300, 1_500);
  return {
    name: `stage-${index}`,
    input: index === 0 ? undefined : index - 1,
    gain: pick(random, [() => 1, () => 1, () => 0.5, (second: number) => (second > 600 ? 2 : 1)]),
    partitions,
    capacity: Math.exp(random.between(Math.log(10), Math.log(400))),
    concurrency: 8,
    weights: random.uniform() < 0.7 ? even(partitions) : weights,
    minReplicas: pick(random, [0, 1, 1, 2]),
    maxReplicas: pick(random, [partitions, partitions, Math.ceil(partitions / 2)]),
    maxAgeSeconds: pick(random, [5, 10, 30]),
    profile: pick(random, ['cost', 'balanced', 'stable'] as const),
    writesLoad: true,
    ...(random.uniform() < 0.1 ? { poisoned: { partition: 1, from: 400, to: 700 } } : {}),
    ...(random.uniform() < 0.1 ? { sharedCapacity: { perSecond: 150, lossPerReplica: 0.01 } } : {}),
    ...(random.uniform() < 0.1
      ? { speed: (second: number) => (second > slowFrom && second < slowFrom + 300 ? 0.5 : 1) }
      : {}),
  };
}

function randomShape(random: Random, highest: number, duration: number): Shape {
  const low = highest * random.between(0, 0.4);
  const from = random.between(60, duration / 2);
  const shapes: readonly (() => Shape)[] = [
    () => pulse(low, highest, [from, from + random.between(3, duration / 2)]),
    () => lines([from, low], [from + random.between(10, 600), highest], [duration, low]),
    () => sine(random, low, highest, random.between(120, 1_800)),
    () => randomWalk(random, (low + highest) / 2, highest / 10, [low, highest]),
    () => markov(random, [low, highest], random.between(20, 300)),
    () => pulse(0, highest, [from, from + 10]),
  ];
  return pick(random, shapes)();
}

function randomEnvironment(random: Random): Environment {
  const cold = random.between(1, 20);
  const pause = random.between(0.2, 8);
  return {
    name: 'random',
    source: '',
    coldStart: () => [cold, cold * 1.3],
    coldStartSpread: random.between(0, 0.4),
    rebalance: [pause, 1.5 * pause],
    rebalancePerJoin: 0.1,
    initialRebalance: 3,
    clientOverhead: random.between(0, 0.05),
    commitInterval: pick(random, [0.2, 0.5, 2, 5]),
  };
}

function randomFaults(random: Random, duration: number): Fault[] {
  const from = random.between(60, duration - 200);
  const to = from + random.between(4, 180);
  const kind = random.uniform();
  if (kind < 0.1) return [{ kind: 'broker-outage', from, to }];
  if (kind < 0.2) return [{ kind: 'leader-loss', from, to }];
  if (kind < 0.3) return [{ kind: 'blind', from, to }];
  return kind < 0.4 ? [{ kind: 'operator-restart', at: from }] : [];
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.uniform() * items.length)]!;
}
