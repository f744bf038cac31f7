import { STATES } from '../domain/state-machine.ts';

/**
 * JSON Schemas (2020-12) of what the API takes and gives. Requests are validated by these very objects, the
 * OpenAPI document is made of them, and the tests hold the answers against them.
 */

const uuid = { type: 'string', format: 'uuid' };
const time = { type: 'string', format: 'date-time' };
const state = { enum: STATES };
const traceId = { type: 'string', pattern: '^[0-9a-f]{32}$' };

const closed = (required: readonly string[], properties: Record<string, object>): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});

export const KEY_SCHEMA = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  // No control characters, halves of surrogate pairs, or line and paragraph separators.
  pattern: '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]*$',
  description:
    'Printable characters. Transactions with equal keys are worked on one after the other, in order.',
};

/** A submission without what its transaction type asks of the payload. */
export function submissionSchema(typeNames: readonly string[]) {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'payload'],
    properties: {
      type: { enum: typeNames, description: 'Transaction type; GET /v1/types lists them' },
      key: KEY_SCHEMA,
      payload: {},
      deadline: {
        ...time,
        description: 'RFC 3339, in the future. After it the remote system is no longer called.',
      },
    },
  };
}

export const ACCEPTED_SCHEMA = closed(['id', 'state'], { id: uuid, state: { const: 'accepted' } });
export const SYNC_DONE_SCHEMA = closed(['id', 'state', 'result'], {
  id: uuid,
  state: { const: 'done' },
  result: {},
});

export const REASONS_SCHEMA = {
  type: 'array',
  items: closed(['code', 'message'], {
    code: { type: 'string' },
    message: { type: 'string' },
    field: { type: 'string', description: 'JSON Pointer into the payload' },
  }),
};

const row = {
  id: uuid,
  type: { type: 'string' },
  key: { type: 'string' },
  state,
  version: { type: 'integer', minimum: 1, description: 'Grows by one with every event; the ETag' },
  acceptedAt: time,
  updatedAt: time,
  deadline: time,
  nextAttemptAt: { ...time, description: 'When the remote system is called again' },
  attempts: {
    type: 'integer',
    minimum: 0,
    description: 'Calls of the remote system so far, without those that it refused because it was full',
  },
};
const rowRequired = ['id', 'type', 'key', 'state', 'version', 'acceptedAt', 'updatedAt', 'attempts'];

export const ITEM_SCHEMA = closed(rowRequired, row);

export const TRANSACTION_SCHEMA = closed([...rowRequired, 'times', 'links'], {
  ...row,
  result: { description: 'What the transaction came to, once it is done' },
  reasons: { ...REASONS_SCHEMA, description: 'Why it did not succeed, once it has ended otherwise' },
  times: {
    type: 'object',
    description: 'When each state was first reached',
    propertyNames: state,
    additionalProperties: time,
  },
  links: closed(['self', 'history'], { self: { type: 'string' }, history: { type: 'string' } }),
});

export const PAGE_SCHEMA = closed(['items', 'next'], {
  items: { type: 'array', items: ITEM_SCHEMA },
  next: { type: ['string', 'null'], description: 'Value of `after` for the next page; null on the last one' },
});

export const HISTORY_SCHEMA = closed(['id', 'events'], {
  id: uuid,
  events: {
    type: 'array',
    items: closed(['version', 'event', 'state', 'stage', 'attempt', 'at', 'traceId'], {
      version: { type: 'integer', minimum: 1 },
      event: { type: 'string' },
      state: { ...state, description: 'The state that the event led to' },
      stage: { type: 'string' },
      attempt: { type: 'integer', minimum: 0 },
      at: time,
      traceId,
      reasons: REASONS_SCHEMA,
      response: { description: 'Answer of the remote system' },
      result: {},
      cause: { type: 'string', description: 'Why the transaction is being undone' },
    }),
  },
});

export const TYPES_SCHEMA = closed(['types'], {
  types: {
    type: 'array',
    items: closed(['name', 'order', 'payloadSchema', 'example'], {
      name: { type: 'string' },
      order: { enum: ['chained', 'fanOut'] },
      payloadSchema: { type: 'object' },
      example: {},
    }),
  },
});

export const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  description: 'RFC 9457. `type` is urn:sluice:problem:<code>; members beyond these depend on it.',
  properties: {
    type: { type: 'string', pattern: '^urn:sluice:problem:[a-z0-9-]+$' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'Where the mistake is and how to fix it' },
    errors: {
      type: 'array',
      items: closed(['message'], {
        field: { type: 'string', description: "JSON Pointer into the body; '' is the body itself" },
        header: { type: 'string' },
        parameter: { type: 'string' },
        message: { type: 'string' },
      }),
    },
    id: { ...uuid, description: 'The transaction that was stored, where one was' },
    state,
    reasons: REASONS_SCHEMA,
  },
};

const line = { type: 'integer', minimum: 1, description: 'Number of the line sent, blank ones counted' };

/** One line of the answer to a bulk submission. */
export const BULK_LINE_SCHEMA = {
  oneOf: [
    closed(['line', 'id', 'state'], { line, id: uuid, state: { const: 'accepted' } }),
    closed(['line', 'error'], { line, error: PROBLEM_SCHEMA }),
    closed(['summary'], {
      summary: {
        ...closed(['lines', 'accepted', 'replayed', 'rejected', 'complete'], {
          lines: { type: 'integer' },
          accepted: { type: 'integer' },
          replayed: { type: 'integer' },
          rejected: { type: 'integer' },
          complete: { type: 'boolean', description: 'False: the stream was cut short; send the batch again' },
        }),
        description: 'The last line',
      },
    }),
  ],
};
