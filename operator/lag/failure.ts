import type { UnknownReason } from '../scaling/types.ts';

export interface Refusal {
  /** What was asked about: `the topic orders`, `orders/3`, `the group shop`. */
  readonly subject: string;
  /** The error code's name: UNKNOWN_TOPIC_OR_PARTITION. */
  readonly name: string;
}

interface FailureOptions {
  readonly stale?: boolean;
  readonly refusal?: Refusal;
  readonly cause?: unknown;
}

/** Why something of Kafka could not be read, in the terms of a reading. */
export class ReadFailure extends Error {
  readonly reason: UnknownReason;
  /** Whether what is remembered of the cluster (leaders, coordinators) may be out of date. */
  readonly stale: boolean;
  /** What Kafka has refused, and what it calls that; undefined: it has refused nothing. */
  readonly refusal: Refusal | undefined;

  constructor(reason: UnknownReason, message: string, options: FailureOptions = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.stale = options.stale ?? false;
    this.refusal = options.refusal;
  }
}

/** For `catch`: @throws what is no ReadFailure, since that is a bug of ours */
export function asFailure(error: unknown): ReadFailure {
  if (error instanceof ReadFailure) return error;
  throw error;
}

/** A value, or why there is none. */
export type Got<Value> = Value | ReadFailure;

/** https://kafka.apache.org/protocol#protocol_error_codes */
const REASONS: Readonly<Record<number, readonly [UnknownReason, stale?: 'stale']>> = {
  3: ['TopicMissing', 'stale'],
  5: ['PartitionLeaderless', 'stale'],
  6: ['PartitionLeaderless', 'stale'],
  7: ['ReadTimedOut'],
  9: ['PartitionLeaderless', 'stale'],
  15: ['OffsetsIncomplete', 'stale'],
  16: ['OffsetsIncomplete', 'stale'],
  17: ['TopicMissing'],
  29: ['Unauthorized'],
  30: ['Unauthorized'],
  31: ['Unauthorized'],
  33: ['Unauthorized'],
  34: ['Unauthorized'],
  56: ['PartitionLeaderless', 'stale'],
  58: ['Unauthorized'],
  69: ['GroupMissing'],
  72: ['PartitionLeaderless', 'stale'],
  74: ['PartitionLeaderless', 'stale'],
  75: ['PartitionLeaderless', 'stale'],
  78: ['OffsetsIncomplete'],
  100: ['TopicMissing', 'stale'],
};

/** The failure that an error code of Kafka's protocol means; `name` is what Kafka calls it, `subject` what was asked. */
export function failureOfCode(code: number, name: string, subject: string): ReadFailure {
  const [reason, stale] = REASONS[code] ?? ['OffsetsIncomplete'];
  return new ReadFailure(reason, `${subject}: ${name} (${code})`, {
    stale: stale !== undefined,
    refusal: { subject, name },
  });
}
