import type { EventName, State } from '../domain/state-machine.ts';
import type { StageMessage } from './parse-message.ts';

/** An event that a step wants appended; the runner adds stage and trace. */
export interface Emit {
  readonly event: EventName;
  /** JSON text of the event's data. */
  readonly data: string;
  readonly attempt: number;
  readonly delayMs?: number;
  readonly ambiguous?: boolean;
  /** The states it may take effect in, where that is fewer than the state machine has edges from. */
  readonly from?: readonly State[];
  /** Business SQL to run with it (`TransactionType.settleSql`). */
  readonly settleSql?: string;
}

/** revoked: it waited for its turn, and its partition has gone to another replica meanwhile. */
export type DropReason = 'stale' | 'skipped' | 'blocked' | 'revoked';

/** What a step has found. Expected outcomes are values; an exception means infrastructure or a bug. */
export type StepResult =
  | { readonly kind: 'ok'; readonly emit: Emit }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  | { readonly kind: 'dlq'; readonly cause: string; readonly message: string };

export const ok = (emit: Emit): StepResult => ({ kind: 'ok', emit });
/** Limits what a step emits to some states: an answer that comes late must not be taken for another one. */
export function onlyFrom(from: readonly State[], result: StepResult): StepResult {
  return result.kind === 'ok' ? ok({ ...result.emit, from }) : result;
}
export const drop = (reason: DropReason): StepResult => ({ kind: 'drop', reason });
export const dlq = (cause: string, message: string): StepResult => ({ kind: 'dlq', cause, message });

/** Under load, ms that a stage lets its statements gather. */
export const PACE_MS = 8;

/**
 * The work of one stage on one message. `isOurs` tells whether its partition is still this replica's: to be asked by
 * who lets messages queue for work that takes long.
 */
export type Step = (message: StageMessage, isOurs?: () => boolean) => Promise<StepResult>;
