import type { Stage } from '../../domain/stages.ts';
import type { EventName } from '../../domain/state-machine.ts';
import type { Backlog } from '../../store/pg/backlog.ts';
import { awaited } from '../awaited.ts';

/** Transactions that wait for a stage to work on an event. */
export interface Waiting {
  readonly count: number;
  /** Since the one that has waited longest has moved last. */
  readonly oldestSeconds: number | undefined;
}

/**
 * What the database says about those who wait for a stage to consume an event, wherever the event is: in the
 * outbox, in Kafka, or in work. Left out are those whose turn it is not: behind another with the same key,
 * between two attempts, or with a dead letter.
 */
export function waitingFor(stage: Stage, event: EventName, backlogs: readonly Backlog[]): Waiting {
  let count = 0;
  const ages: number[] = [];
  for (const backlog of backlogs) {
    const concerned = awaited(backlog.order, backlog.state).some(
      (target) => target.stage === stage && target.event === event,
    );
    if (!concerned) continue;
    count += backlog.free;
    ages.push(backlog.freeOldestSeconds ?? 0);
    // The lanes are served by the remote stage; the others do not care. Undoing needs no turn.
    if (stage === 'remote' && backlog.state !== 'compensating') continue;
    count += backlog.inLane;
    ages.push(backlog.inLaneOldestSeconds ?? 0);
  }
  return { count, oldestSeconds: count === 0 ? undefined : Math.max(...ages) };
}
