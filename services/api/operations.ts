import type { Registry } from '../transactions/registry.ts';
import { STATES } from '../domain/state-machine.ts';
import type { Operation } from './openapi.ts';
import type { ProblemCode } from './problems.ts';
import { LIMIT_DEFAULT, LIMIT_MAX } from './routes/list-transactions.ts';
import {
  ACCEPTED_SCHEMA,
  BULK_LINE_SCHEMA,
  HISTORY_SCHEMA,
  PAGE_SCHEMA,
  SYNC_DONE_SCHEMA,
  TRANSACTION_SCHEMA,
  TYPES_SCHEMA,
} from './schemas.ts';

/** The documentation of every route, by the name of its operation. */
export function createOperations(registry: Registry) {
  return { ...submitOperations(), ...queryOperations(registry.types.map((type) => type.name)) };
}

function submitOperations() {
  const submission = {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Submission' } } },
  };
  const submit: Operation = {
    operationId: 'submitTransaction',
    summary: 'Submit a transaction',
    description: 'Answered as soon as it is committed. What becomes of it is found at `Location`.',
    parameters: [IDEMPOTENCY_KEY, TRACEPARENT],
    requestBody: submission,
    answers: { 202: answer('Accepted and stored', ACCEPTED_SCHEMA, [LOCATION, REPLAYED]) },
    problems: [...BODY_PROBLEMS, 'in-flight', 'idempotency-conflict', 'overloaded', 'stopping'],
  };
  const submitSync: Operation = {
    operationId: 'submitTransactionSync',
    summary: 'Submit a transaction and wait until it is done',
    description: 'The same work in one request. There is no promise of order between equal keys here.',
    parameters: [IDEMPOTENCY_KEY, TRACEPARENT],
    requestBody: submission,
    answers: { 200: answer('Done', SYNC_DONE_SCHEMA, [LOCATION, REPLAYED]) },
    problems: [...submit.problems, 'rejected', 'declined', 'ended', 'remote-unavailable', 'remote-unclear'],
  };
  return { submit, submitSync, submitBulk: SUBMIT_BULK };
}

function queryOperations(typeNames: readonly string[]) {
  const getTransaction: Operation = {
    operationId: 'getTransaction',
    summary: 'A transaction as it stands',
    parameters: [ID, WAIT, IF_NONE_MATCH],
    answers: { 200: answer('As it stands', TRANSACTION_SCHEMA, [ETAG]), 304: NOT_MODIFIED },
    problems: ['invalid-request', 'id-malformed', 'id-unknown', 'overloaded'],
  };
  const getHistory: Operation = {
    operationId: 'getHistory',
    summary: 'Every event of a transaction',
    parameters: [ID, IF_NONE_MATCH],
    answers: { 200: answer('All events, oldest first', HISTORY_SCHEMA, [ETAG]), 304: NOT_MODIFIED },
    problems: ['invalid-request', 'id-malformed', 'id-unknown'],
  };
  const list: Operation = {
    operationId: 'listTransactions',
    summary: 'Transactions in order of acceptance, by pages',
    parameters: [
      query('state', { enum: STATES }),
      query('type', { enum: typeNames }),
      query('after', { type: 'string', format: 'uuid' }, '`next` of the page before'),
      query('limit', { type: 'integer', minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT }),
    ],
    answers: { 200: answer('One page', PAGE_SCHEMA) },
    problems: ['invalid-request'],
  };
  const getTypes: Operation = {
    operationId: 'getTypes',
    summary: 'What can be submitted here',
    answers: { 200: answer('Transaction types with their schemas', TYPES_SCHEMA) },
    problems: ['invalid-request'],
  };
  return { getTransaction, getHistory, list, getTypes };
}

const BODY_PROBLEMS: readonly ProblemCode[] = [
  'bad-json',
  'bad-utf8',
  'unsafe-json',
  'invalid-request',
  'incomplete-body',
  'body-timeout',
  'too-large',
  'media-type',
  'content-encoding',
];

interface Header {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

function answer(description: string, schema: object, headers: readonly Header[] = []): object {
  return {
    description,
    headers: Object.fromEntries(headers.map(({ name, ...header }) => [name, header])),
    content: { 'application/json': { schema } },
  };
}

function query(name: string, schema: object, description = ''): object {
  return { name, in: 'query', schema, ...(description && { description }) };
}

function header(name: string, schema: object, description: string): object {
  return { name, in: 'header', schema, description };
}

const text = { type: 'string' };
const LOCATION: Header = { name: 'Location', description: 'Where the transaction is found', schema: text };
const ETAG: Header = { name: 'ETag', description: 'The version, quoted', schema: text };
const REPLAYED: Header = {
  name: 'Idempotent-Replayed',
  description: '`true` when an earlier request with this Idempotency-Key has stored it',
  schema: { const: 'true' },
};
const NOT_MODIFIED = { description: 'Still the version of If-None-Match' };
const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
const WAIT = query(
  'wait',
  { type: 'string', pattern: '^\\d+(ms|s)?$', examples: ['10s'] },
  'Answer as soon as the version changes, after this time at the latest (60s at most)',
);
const IF_NONE_MATCH = header('If-None-Match', text, 'ETag of the version that is known already');
const TRACEPARENT = header('traceparent', text, 'W3C trace context, carried on to every stage');
const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
  'Makes the request repeatable: the same key with the same body is one transaction',
);
const BATCH_ID = header(
  'Batch-Id',
  { type: 'string', minLength: 1, maxLength: 128, pattern: '^[\\x21-\\x7e]+$' },
  'Makes the batch repeatable; made up, and returned, when it is not sent',
);

const SUBMIT_BULK: Operation = {
  operationId: 'submitTransactions',
  summary: 'Submit any number of transactions as lines',
  description:
    'NDJSON: one submission per line, each answered by one line, in order, while the request goes on; a client ' +
    'must read while it writes. Blank lines are skipped, but counted. The last line is a summary. A batch that ' +
    'is sent again under its Batch-Id gets the same ids; nothing is stored twice. Lines with equal keys keep ' +
    'their order.',
  parameters: [BATCH_ID],
  requestBody: { required: true, content: { 'application/x-ndjson': { schema: { type: 'string' } } } },
  answers: {
    200: {
      description: 'One line per line',
      headers: { 'Batch-Id': { description: 'Of this batch', schema: { type: 'string' } } },
      content: { 'application/x-ndjson': { schema: BULK_LINE_SCHEMA } },
    },
  },
  problems: ['invalid-request', 'media-type', 'content-encoding', 'overloaded', 'stopping'],
};
