import { hash, randomUUIDv7 } from 'node:crypto';
import type { Submission } from '../store/port.ts';
import type { WorkData } from '../domain/events.ts';
import type { TransactionType } from '../transactions/type.ts';
import type { Registry } from '../transactions/registry.ts';
import { shardOf } from '../store/shard.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Parsed } from './json-text.ts';
import { parseJson } from './json-text.ts';
import type { Mistake, Problem } from './problems.ts';
import { invalidRequest } from './problems.ts';
import { submissionSchema } from './schemas.ts';
import type { Validation, Validator } from './validation.ts';

/** What a client submits, checked against the schemas. */
export interface Draft {
  readonly type: TransactionType;
  readonly payload: unknown;
  /** The key the client named, if any. */
  readonly key: string | undefined;
  readonly deadline: Date | undefined;
  /** The body as it was parsed: what an idempotency key is compared by. */
  readonly body: unknown;
}

export interface SubmissionParser {
  /** Reads one submission; `headerMistakes` join those found in the body. */
  parse(bytes: Buffer, headerMistakes?: readonly Mistake[]): Parsed<Draft>;
}

interface SubmissionBody {
  readonly type: string;
  readonly payload: unknown;
  readonly key?: string;
  readonly deadline?: string;
}

const DEADLINE_MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const DEADLINE_FIELD = '/deadline';

/**
 * Compiles the schemas of every transaction type.
 * @throws Error when a payload schema is wrong
 */
export function createSubmissionParser(registry: Registry, validation: Validation): SubmissionParser {
  const checkBody = validation.compile(submissionSchema(registry.types.map((type) => type.name)));
  const checkPayload = new Map<string, Validator>(
    registry.types.map((type) => [type.name, validation.compile(type.payloadSchema, '/payload')]),
  );

  function parse(bytes: Buffer, headerMistakes: readonly Mistake[] = []): Parsed<Draft> {
    const json = parseJson(bytes);
    if (json.problem) return json;
    const mistakes = [...headerMistakes, ...checkBody(json.value), ...payloadMistakes(json.value)];
    if (mistakes.length > 0) return { problem: invalidRequest(mistakes) };
    const body = json.value as SubmissionBody;
    const deadline = body.deadline === undefined ? undefined : new Date(body.deadline);
    if (deadline && !(deadline.getTime() <= DEADLINE_MAX_MS)) return { problem: notATime() };
    const { key, payload } = body;
    return { value: { type: registry.get(body.type)!, payload, key, deadline, body } };
  }

  /** Also for a body with other mistakes, so that all of them are told at once. */
  function payloadMistakes(body: unknown): readonly Mistake[] {
    if (typeof body !== 'object' || body === null || !('payload' in body) || !('type' in body)) return [];
    const check = typeof body.type === 'string' ? checkPayload.get(body.type) : undefined;
    return check ? check(body.payload) : [];
  }

  return { parse };
}

/** Leap seconds match the format, but are no time here; nor is what an offset lifts beyond the year 9999. */
function notATime(): Problem {
  return invalidRequest([{ field: DEADLINE_FIELD, message: 'is not a time of the years up to 9999' }]);
}

/** The mistake of a deadline that has passed; undefined when it lies ahead or there is none. */
export function overdue(draft: Draft, nowMs: number): Mistake | undefined {
  if (!draft.deadline || draft.deadline.getTime() > nowMs) return undefined;
  return {
    field: DEADLINE_FIELD,
    message: `must lie in the future; it is ${new Date(nowMs).toISOString()} now`,
  };
}

export interface Identity {
  /** Default: a fresh UUIDv7. */
  readonly id?: string;
  readonly traceparent: string;
  readonly idempotencyKey?: string | undefined;
}

/** The row-to-be of a draft. The key defaults to the id. */
export function toSubmission(draft: Draft, identity: Identity): Submission {
  const id = identity.id ?? randomUUIDv7();
  const { type, deadline, payload } = draft;
  const key = draft.key ?? id;
  const data: WorkData = {
    id,
    key,
    type: type.name,
    order: type.order,
    payload,
    ...(deadline && { deadline: deadline.toISOString() }),
  };
  return {
    id,
    type: type.name,
    order: type.order,
    key,
    keyed: draft.key !== undefined,
    shard: shardOf(key),
    deadline,
    data: JSON.stringify(data),
    traceparent: identity.traceparent,
    ...(identity.idempotencyKey !== undefined && {
      idempotency: { key: identity.idempotencyKey, requestHash: requestHash(draft.body) },
    }),
  };
}

function requestHash(body: unknown): string {
  return hash('sha256', canonicalJson(body));
}
