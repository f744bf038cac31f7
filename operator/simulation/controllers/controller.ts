import type { Pipeline } from '../model/pipeline.ts';
import type { Stage } from '../model/stage.ts';
import type { Random } from '../model/random.ts';
import type { TurnSettings } from '../model/turns.ts';

/** What a controller asks of the platform. */
export interface ScaleRequest {
  /** Index of the stage. */
  readonly stage: number;
  readonly replicas: number;
}

/** Something that scales the stages of a pipeline. */
export interface Controller {
  /** Called after every step of the simulation; acts when its own timers say so. */
  step(pipeline: Pipeline): readonly ScaleRequest[];
  /** Its process is started anew: what it kept in memory is gone. */
  restart(pipeline: Pipeline): void;
}

export interface ControllerContext {
  readonly pipeline: Pipeline;
  /** For phases of timers. */
  readonly random: Random;
  /** Seconds of the first tick; undefined: at random within the period. */
  readonly phase: number | undefined;
  /** The same for a second timer, where there is one. */
  readonly pollPhase: number | undefined;
}

export interface ControllerKind {
  readonly name: string;
  /** In the report: what it is and where its formula and settings are from. */
  readonly source: string;
  /** The stages write their load into their commits. */
  readonly writesLoad: boolean;
  /** They take their partitions in turn; undefined: evenly. */
  readonly turns?: TurnSettings;
  readonly create: (context: ControllerContext) => Controller;
}

export const NONE: readonly ScaleRequest[] = [];

/** Asks for what each stage should have, where that is not what it has. */
export function requestEach(
  { stages }: Pipeline,
  replicasOf: (stage: Stage, index: number) => number,
): readonly ScaleRequest[] {
  let requests: ScaleRequest[] | undefined;
  for (let index = 0; index < stages.length; index++) {
    const stage = stages[index]!;
    const replicas = replicasOf(stage, index);
    if (replicas !== stage.desired) (requests ??= []).push({ stage: index, replicas });
  }
  return requests ?? NONE;
}

/** Says whether a timer with this period has expired, once per period. */
export class Timer {
  private next: number;
  private readonly period: number;

  constructor(first: number, period: number) {
    this.next = first;
    this.period = period;
  }

  due(now: number): boolean {
    if (now + 1e-9 < this.next) return false;
    while (this.next <= now + 1e-9) this.next += this.period;
    return true;
  }
}
