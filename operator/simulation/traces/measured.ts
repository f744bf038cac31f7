import type { Environment, Scenario } from '../model/scenario.ts';
import type { Shape } from './shapes.ts';
import { constant, pulse } from './shapes.ts';
import { measuredStage } from './stages.ts';

interface Trace {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly shape: Shape;
  readonly minReplicas?: number;
}

const TRACES: readonly Trace[] = [
  {
    name: 'kind-step',
    title: '30/s, 300/s from 30 s to 270 s, 30/s',
    seconds: 510,
    shape: pulse(30, 300, [30, 270]),
  },
  { name: 'kind-flat', title: '200/s for 300 s', seconds: 300, shape: constant(200) },
  { name: 'kind-hold', title: '300/s for 840 s', seconds: 840, shape: constant(300) },
  {
    name: 'kind-spike',
    title: '30/s, 400/s from 30 s to 75 s, 30/s',
    seconds: 315,
    shape: pulse(30, 400, [30, 75]),
  },
  {
    name: 'kind-zero',
    title: 'nothing, 100/s from 60 s to 80 s, nothing; the stage may sleep',
    seconds: 240,
    shape: pulse(0, 100, [60, 80]),
    minReplicas: 0,
  },
];

/** The runs on which real KEDA was measured: one stage of 40 records per second and replica, 24 partitions. */
export function measuredScenarios(environment: Environment): Scenario[] {
  return TRACES.map(({ name, title, seconds, shape, minReplicas = 1 }) => ({
    name,
    title: `${title}; one stage, 40/s per replica, from ${minReplicas} replicas`,
    durationSeconds: seconds,
    load: () => shape,
    stages: measuredStage({ minReplicas }),
    environment,
    faults: [],
    initialReplicas: minReplicas,
    scalable: true,
  }));
}
