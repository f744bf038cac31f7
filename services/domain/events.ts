import type { Cause, EventName, Order } from './state-machine.ts';

/** Why a transaction did not succeed: a machine-readable code, a sentence, and the place in the payload. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  /** JSON Pointer into the payload (RFC 6901), where one field is at fault. */
  readonly field?: string;
}

/** What every event carries: enough to act on it without asking the database. */
export interface EventBase {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly order: Order;
}
export interface WorkData extends EventBase {
  readonly payload: unknown;
  /** ISO 8601; after it the remote is no longer called. */
  readonly deadline?: string;
}
export interface RespondedData extends EventBase {
  readonly response: unknown;
}
export interface VerdictData extends EventBase {
  readonly reasons: readonly Reason[];
}
export interface CompensationData extends VerdictData {
  readonly payload: unknown;
  readonly cause: Cause;
}
export interface DoneData extends EventBase {
  readonly result: unknown;
}
export interface EventData {
  new: WorkData;
  validated: WorkData;
  rejected: VerdictData;
  failed: VerdictData;
  expired: VerdictData;
  'remote-responded': RespondedData;
  'retry-scheduled': VerdictData;
  'compensation-requested': CompensationData;
  compensated: VerdictData;
  done: DoneData;
}

/** The version of each event's schema that this code writes. */
export const EVENT_VERSION = 1;

const base = {
  id: { type: 'string', format: 'uuid' },
  key: { type: 'string', minLength: 1, maxLength: 256 },
  type: { type: 'string', minLength: 1, maxLength: 64 },
  order: { enum: ['chained', 'fanOut'] },
};
const reasons = {
  type: 'array',
  items: {
    type: 'object',
    required: ['code', 'message'],
    properties: { code: { type: 'string' }, message: { type: 'string' }, field: { type: 'string' } },
  },
};

/** Events are open to fields that later versions add: readers ignore what they do not know. */
function schema(event: EventName, properties: Record<string, unknown>, required: readonly string[]): object {
  return {
    $id: dataSchema(event, EVENT_VERSION),
    type: 'object',
    required: [...Object.keys(base), ...required],
    properties: { ...base, ...properties },
  };
}

const work = { payload: {}, deadline: { type: 'string', format: 'date-time' } };

/** JSON Schema (2020-12 vocabulary) of each event's data, by event. */
export const EVENT_SCHEMAS: Readonly<Record<EventName, object>> = {
  new: schema('new', work, ['payload']),
  validated: schema('validated', work, ['payload']),
  rejected: schema('rejected', { reasons }, ['reasons']),
  failed: schema('failed', { reasons }, ['reasons']),
  expired: schema('expired', { reasons }, ['reasons']),
  'remote-responded': schema('remote-responded', { response: {} }, ['response']),
  'retry-scheduled': schema('retry-scheduled', { reasons }, ['reasons']),
  'compensation-requested': schema(
    'compensation-requested',
    { payload: {}, cause: { enum: ['rejected', 'failed', 'expired'] }, reasons },
    ['payload', 'cause', 'reasons'],
  ),
  compensated: schema('compensated', { reasons }, ['reasons']),
  done: schema('done', { result: {} }, ['result']),
};

/** CloudEvents `dataschema`: names the versioned JSON Schema of the data. */
export function dataSchema(event: EventName, version: number): string {
  return `urn:sluice:transaction:${event}:${version}`;
}

/** CloudEvents `type` of an event. */
export function eventType(event: EventName, version: number): string {
  return `sluice.transaction.${event}.v${version}`;
}

/** Topic of an event: `<prefix>.transactions.<event>`. */
export function topicOf(prefix: string, event: EventName): string {
  return `${prefix}.transactions.${event}`;
}

/** Where messages that a stage cannot work on go. */
export function deadLetterTopicOf(topic: string): string {
  return `${topic}.dlq`;
}
