import type { EventData } from '../../domain/events.ts';
import type { NotNow, RemoteOutcome } from '../../runtime/remote-client.ts';
import type { StageMessage } from '../../runtime/parse-message.ts';

export interface RefusalPolicy {
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** For which a remote may refuse the calls of a transaction that has no deadline before they count. */
  readonly refusedMaxMs: number;
  /** A number in [0, 1): spreads retries out. */
  readonly random: () => number;
}

/** How long a call has been wanted, and for how long it still may be refused without counting. In ms. */
export interface Patience {
  readonly waitedMs: number;
  readonly leftMs: number;
}

/**
 * From the time of the event that asks for the call, which is the same whenever it is published again. A
 * transaction's deadline is its bound, since it expires then; without one it is `refusedMaxMs`.
 */
export function patienceOf(
  { data, origin }: Pick<StageMessage, 'data' | 'origin'>,
  { refusedMaxMs }: RefusalPolicy,
  nowMs: number,
): Patience {
  const stated = Date.parse(origin.headers['ce_time'] ?? '');
  const waitedMs = Math.max(0, nowMs - (Number.isNaN(stated) ? origin.timestampMs : stated));
  const { deadline } = data as EventData['new'];
  const leftMs = deadline === undefined ? refusedMaxMs - waitedMs : Date.parse(deadline) - nowMs;
  return { waitedMs, leftMs: Math.max(0, leftMs) };
}

/** Calls that count as attempts: all, but those that a remote which is merely full has refused in good time. */
export function countedCalls(outcome: RemoteOutcome, { leftMs }: Patience): number {
  if (outcome.kind !== 'refused' || leftMs === 0) return outcome.calls;
  return outcome.calls - (outcome.notNow?.calls ?? 0);
}

/**
 * Ms to leave a remote alone that takes no more: as long as it asks for, within the time it is given, and about
 * as long again as has been waited already, up to `backoffMaxMs`. So waits double from one refusal to the next
 * without anybody counting them.
 */
export function refusalWaitMs(
  { retryAfterMs = 0 }: Pick<NotNow, 'retryAfterMs'>,
  { backoffMs, backoffMaxMs, random }: RefusalPolicy,
  { waitedMs, leftMs }: Patience,
): number {
  const full = Math.min(backoffMaxMs, Math.max(backoffMs, waitedMs));
  // Spread out, or all would come back at the same moment.
  const asked = Math.min(retryAfterMs, leftMs) * (1 + random() / 4);
  return Math.round(Math.max(full * (0.5 + random() / 2), asked));
}
