/** Why work is refused. */
export type RefusalReason =
  | 'queue-full'
  | 'queue-slow'
  | 'outbox-old'
  | 'event-loop'
  | 'stopping'
  | 'bulk-streams'
  | 'waiters'
  | 'sync-calls';

/** What the process knows about its own load. */
export interface Load {
  /** Submissions waiting for a commit. */
  readonly queued: number;
  /** How long the oldest of them has waited. */
  readonly oldestWaitMs: number;
  /** How long the oldest synchronous request has waited for the database. */
  readonly syncWaitMs: number;
  /** Age of the oldest event that has not reached Kafka. */
  readonly outboxAgeSeconds: number;
  /** 99th percentile over the last second. */
  readonly eventLoopDelayMs: number;
  readonly stopping: boolean;
}

export interface LoadLimits {
  readonly queueMax: number;
  readonly queueWaitMaxMs: number;
  readonly outboxAgeMaxSeconds: number;
  readonly eventLoopDelayMaxMs: number;
}

/** submit: fills the queue and the outbox. sync: has a line of its own. read: asks only. */
export type RequestKind = 'submit' | 'sync' | 'read';

export interface Refusal {
  readonly reason: RefusalReason;
  readonly detail: string;
}

/** Whether a request may come in, from the load as it is now; undefined means yes. Pure. */
export function refuse(kind: RequestKind, load: Load, limits: LoadLimits): Refusal | undefined {
  if (kind === 'read') return undefined;
  if (load.stopping) return { reason: 'stopping', detail: 'This process is about to stop.' };
  if (load.eventLoopDelayMs > limits.eventLoopDelayMaxMs)
    return { reason: 'event-loop', detail: `The process answers ${ms(load.eventLoopDelayMs)} late.` };
  if (kind === 'sync') return refuseSync(load, limits);
  if (load.queued >= limits.queueMax)
    return { reason: 'queue-full', detail: `${load.queued} submissions are waiting already.` };
  if (load.oldestWaitMs > limits.queueWaitMaxMs)
    return { reason: 'queue-slow', detail: `Submissions have been waiting for ${ms(load.oldestWaitMs)}.` };
  if (load.outboxAgeSeconds > limits.outboxAgeMaxSeconds)
    return {
      reason: 'outbox-old',
      detail: `Accepted work has been waiting for ${Math.round(load.outboxAgeSeconds)} s to be passed on.`,
    };
  return undefined;
}

function refuseSync({ syncWaitMs }: Load, { queueWaitMaxMs }: LoadLimits): Refusal | undefined {
  if (syncWaitMs <= queueWaitMaxMs) return undefined;
  return { reason: 'queue-slow', detail: `Requests have been waiting for ${ms(syncWaitMs)}.` };
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
