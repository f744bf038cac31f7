import type { Stage } from '../domain/stages.ts';
import { STAGES, concerns } from '../domain/stages.ts';
import type { EventName, Order, State } from '../domain/state-machine.ts';
import { next, resumeEvent } from '../domain/state-machine.ts';

/** What each stage says when it has done its work. */
const ANSWERS: Readonly<Record<Stage, readonly EventName[]>> = {
  validate: ['validated'],
  remote: ['remote-responded', 'compensated'],
  persist: ['done'],
};

export interface Awaited {
  readonly stage: Stage;
  /** What the stage consumes for it. */
  readonly event: EventName;
}

/** The stages that a transaction in this state waits for; none at its end. In fan-out there can be two. */
export function awaited(order: Order, state: State): Awaited[] {
  const event = resumeEvent(order, state);
  if (!event) return [];
  return STAGES.filter(
    (stage) =>
      concerns(stage, order, event) &&
      ANSWERS[stage].some((answer) => next(order, state, answer) !== undefined),
  ).map((stage) => ({ stage, event }));
}
