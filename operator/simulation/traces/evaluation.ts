import type { Environment, Fault, Scenario } from '../model/scenario.ts';
import type { Shape } from './shapes.ts';
import { constant, hot, lines, markov, pulse, randomWalk, sawtooth, sine, zipf } from './shapes.ts';
import type { Changes } from './stages.ts';
import { pipelineStages } from './stages.ts';
import type { Random } from '../model/random.ts';

interface Trace {
  readonly name: string;
  readonly title: string;
  readonly minutes: number;
  readonly load: (random: Random) => Shape;
  readonly changes?: Changes;
  readonly faults?: readonly Fault[];
  readonly initialReplicas?: number;
  readonly scalable?: false;
}

const steady =
  (shape: Shape): Trace['load'] =>
  () =>
    shape;
const FROM_WEIGHTS = zipf(24);
const HOT_WEIGHTS = hot(24, 0.3);
const EVEN_WEIGHTS = hot(24, 1 / 24);
/** As soon as the tuned KEDA settings let them. */
const MAY_SLEEP = { minReplicas: 0, idleSeconds: 30 };

const TRACES: readonly Trace[] = [
  {
    name: 'step',
    title: '60/s to 600/s at 300 s, back at 1,500 s',
    minutes: 45,
    load: steady(pulse(60, 600, [300, 1_500])),
  },
  {
    name: 'double',
    title: '150/s to 300/s at 300 s, back at 1,500 s',
    minutes: 45,
    load: steady(pulse(150, 300, [300, 1_500])),
  },
  {
    name: 'ramp',
    title: '60/s to 600/s within 10 min, 10 min there, 10 min back',
    minutes: 45,
    load: steady(lines([300, 60], [900, 600], [1_500, 600], [2_100, 60])),
  },
  {
    name: 'spike',
    title: '40/s, at 600 s 520/s for 45 s',
    minutes: 45,
    load: steady(pulse(40, 520, [600, 645])),
  },
  {
    name: 'blip',
    title: '40/s, at 600 s 520/s for 5 s',
    minutes: 30,
    load: steady(pulse(40, 520, [600, 605])),
  },
  {
    name: 'diurnal',
    title: 'sine from 60/s to 600/s with a period of 1 h and 5 % noise',
    minutes: 120,
    load: (random) => sine(random, 60, 600, 3_600),
  },
  {
    name: 'sawtooth',
    title: '60/s to 500/s within 120 s, again and again',
    minutes: 45,
    load: steady(sawtooth(60, 500, 120)),
  },
  {
    name: 'flat',
    title: '300/s, from one replica of each stage',
    minutes: 60,
    load: steady(constant(300)),
    initialReplicas: 1,
  },
  {
    name: 'markov',
    title: '150/s and 450/s in turn, each for 120 s on average',
    minutes: 60,
    load: (random) => markov(random, [150, 450], 120),
  },
  {
    name: 'random-walk',
    title: 'from 300/s, a normal step of 45/s every 30 s, within 30/s and 600/s',
    minutes: 120,
    load: (random) => randomWalk(random, 300, 45, [30, 600]),
  },
  {
    name: 'zipf',
    title: '40/s to 130/s at 300 s, keys by Zipf: the fullest partition gets 26 %',
    minutes: 45,
    load: steady(pulse(40, 130, [300, 1_500])),
    changes: { validate: { weights: () => FROM_WEIGHTS } },
  },
  {
    name: 'hot-partition',
    title:
      '200/s, from 600 s to 1,500 s 30 % of it in one partition: 60/s where a replica of remote does 40/s',
    minutes: 45,
    load: steady(constant(200)),
    changes: {
      validate: { weights: (second) => (second >= 600 && second < 1_500 ? HOT_WEIGHTS : EVEN_WEIGHTS) },
    },
    scalable: false,
  },
  {
    name: 'poisoned',
    title: '200/s, one partition of remote blocked from 600 s to 900 s',
    minutes: 30,
    load: steady(constant(200)),
    changes: { remote: { poisoned: { partition: 5, from: 600, to: 900 } } },
    scalable: false,
  },
  {
    name: 'downstream-cap',
    title:
      '60/s to 300/s from 300 s to 1,500 s; the database behind persist does 150/s, each replica costs 1 %',
    minutes: 45,
    load: steady(pulse(60, 300, [300, 1_500])),
    changes: { persist: { sharedCapacity: { perSecond: 150, lossPerReplica: 0.01 } } },
    scalable: false,
  },
  {
    name: 'brown-out',
    title: '200/s; from 600 s to 1,200 s calls of remote take twice as long',
    minutes: 45,
    load: steady(constant(200)),
    changes: { remote: { speed: (second) => (second >= 600 && second < 1_200 ? 0.5 : 1) } },
  },
  {
    name: 'broker-outage',
    title: '250/s; no broker from 900 s to 1,020 s, what came meanwhile is written at 2,000/s afterwards',
    minutes: 45,
    load: steady(constant(250)),
    faults: [{ kind: 'broker-outage', from: 900, to: 1_020 }],
  },
  {
    name: 'leader-loss',
    title: '250/s; every third partition without a leader from 900 s to 1,020 s',
    minutes: 45,
    load: steady(constant(250)),
    faults: [{ kind: 'leader-loss', from: 900, to: 1_020 }],
    scalable: false,
  },
  {
    name: 'operator-restart',
    title: '100/s to 400/s at 600 s, back at 1,500 s; the operator starts anew at 610 s and 1,800 s',
    minutes: 45,
    load: steady(pulse(100, 400, [600, 1_500])),
    faults: [
      { kind: 'operator-restart', at: 610 },
      { kind: 'operator-restart', at: 1_800 },
    ],
  },
  {
    name: 'idle-bursts',
    title: 'nothing, and every 20 min 300/s for 3 s; stages may sleep after 30 s',
    minutes: 80,
    load: steady((second) => (second % 1_200 >= 600 && second % 1_200 < 603 ? 300 : 0)),
    changes: { validate: MAY_SLEEP, remote: MAY_SLEEP, persist: MAY_SLEEP },
    initialReplicas: 0,
  },
  {
    name: 'fan-out',
    title: '150/s; from 600 s to 1,500 s each record becomes three for remote',
    minutes: 45,
    load: steady(constant(150)),
    changes: { remote: { gain: (second) => (second >= 600 && second < 1_500 ? 3 : 1) } },
  },
];

/** The traces of the evaluation: three stages, objective 10 s. */
export function evaluationScenarios(environment: Environment): Scenario[] {
  return TRACES.map(({ name, title, minutes, load, changes, faults = [], ...rest }) => ({
    name,
    title,
    durationSeconds: minutes * 60,
    load,
    stages: pipelineStages(changes),
    environment,
    faults,
    initialReplicas: rest.initialReplicas ?? ('fitting' as const),
    scalable: rest.scalable ?? true,
  }));
}
