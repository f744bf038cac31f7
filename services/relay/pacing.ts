export interface PacingOptions {
  /** Ms after a claim of one row, and after the first that finds none. */
  readonly pollMinMs: number;
  /** Ms after claims that find nothing, at the most. */
  readonly pollMaxMs: number;
}

/** What a loop knows when a claim has ended well. */
export interface Claimed {
  readonly rows: number;
  /** That it could have had. */
  readonly limit: number;
  /** Claims in a row, this one included, that have found nothing. */
  readonly empty: number;
}

/** Ms by which each row but the first lengthens the pause after its claim. */
const GATHER_MS_PER_ROW = 0.2;
/** Ms; a pause does not grow beyond it, however many rows there were. */
const GATHER_MAX_MS = 25;
const IDLE_GROWTH = 1.5;

/**
 * Ms between two claims of a loop. The more rows there were, the longer more of them may gather: a claim costs the
 * database, Kafka and this process much the same whatever it moves. One that was full leaves rows behind and is
 * followed at once; an empty outbox is asked less and less often.
 *
 * A loop to which r rows per ms come, and whose claims take s ms, settles at n = r * (s + pause(n)) rows. Up to the
 * limit the pause is positive, bounded and concave in n, so there is one such n for each r and s, growing with both: what
 * makes claims slower makes them larger and fewer, and nothing makes a loop swing between two sizes.
 */
export function pauseAfter({ rows, limit, empty }: Claimed, { pollMinMs, pollMaxMs }: PacingOptions): number {
  if (rows >= limit) return 0;
  if (rows === 0) return Math.min(pollMaxMs, pollMinMs * IDLE_GROWTH ** (empty - 1));
  const gather = pollMinMs + (rows - 1) * GATHER_MS_PER_ROW;
  return Math.max(pollMinMs, Math.min(GATHER_MAX_MS, gather));
}
