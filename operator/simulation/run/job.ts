import type { RunRecord } from '../run-record.ts';
import { simulate } from '../simulate.ts';
import { CONTROLLERS, ENVIRONMENTS, named, scenariosIn } from './catalog.ts';

/** One run, by names: it can be sent to a worker. */
export interface Job {
  readonly environment: string;
  readonly scenario: string;
  readonly controller: string;
  readonly seed: number;
  /** Of the controller's timers; undefined: from the seed. */
  readonly phase?: number | undefined;
  readonly pollPhase?: number | undefined;
  /** Whether the course over time is wanted, for pictures. */
  readonly withTimeline: boolean;
}

/** Points over time, few enough to draw. */
export interface Course {
  readonly seconds: number[];
  readonly rate: number[];
  readonly replicas: number[];
  readonly lag: number[];
  readonly age: number[];
}

export interface JobResult extends Omit<RunRecord, 'timeline'> {
  readonly job: Job;
  readonly course: Course | undefined;
}

export function runJob(job: Job): JobResult {
  const environment = named(ENVIRONMENTS, job.environment);
  const scenario = named(scenariosIn(environment), job.scenario);
  const controller = named(CONTROLLERS, job.controller);
  const { seed, phase, pollPhase } = job;
  const { timeline, ...rest } = simulate({ scenario, controller, seed, phase, pollPhase });
  return { job, ...rest, course: job.withTimeline ? thin(timeline) : undefined };
}

const POINTS = 300;

/** Highest of each stretch, so that no peak is lost. */
function thin(timeline: RunRecord['timeline']): Course {
  const width = Math.ceil(timeline.rate.length / POINTS);
  const starts = Array.from({ length: Math.ceil(timeline.rate.length / width) }, (_, index) => index * width);
  const highest = (values: Float32Array): number[] =>
    starts.map((start) => Number(Math.max(...values.subarray(start, start + width)).toPrecision(4)));
  return {
    seconds: starts,
    rate: highest(timeline.rate),
    replicas: highest(timeline.replicas),
    lag: highest(timeline.lag),
    age: highest(timeline.age),
  };
}
