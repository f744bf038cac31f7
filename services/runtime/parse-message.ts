import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import secureJson from 'secure-json-parse';
import { parseType } from '../domain/cloud-event.ts';
import type { EventData } from '../domain/events.ts';
import { EVENT_SCHEMAS, EVENT_VERSION } from '../domain/events.ts';
import { isUuid, newTraceparent } from '../domain/ids.ts';
import type { EventName } from '../domain/state-machine.ts';
import type { IncomingMessage } from '../broker/port.ts';

/** An event as a stage gets it: checked, and with what is needed to answer it. */
export interface StageMessage<Name extends EventName = EventName> {
  readonly event: Name;
  readonly id: string;
  /** `ce_id`: the same for every delivery of the same event. */
  readonly eventId: string;
  readonly data: EventData[Name];
  /** The value as it came, for handing the same data on. */
  readonly text: string;
  readonly traceparent: string;
  readonly origin: IncomingMessage;
}

export type Parsed =
  | { readonly kind: 'event'; readonly message: StageMessage }
  | { readonly kind: 'poison'; readonly cause: string; readonly text: string };

const MAX_VALUE_BYTES = 262_144;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// The schemas are tested to be schemas; to check that once more would be half of what the first message waits for.
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: false, validateSchema: false });
addFormats.default(ajv);
const validators = new Map<EventName, ValidateFunction>();

/** Compiles the schemas of the events that will come, so that the first of them need not wait for it. */
export function prepareFor(events: readonly EventName[]): void {
  for (const event of events) validatorOf(event);
}

/** A stage consumes few events, and to compile all would be a tenth of its start. */
function validatorOf(event: EventName): ValidateFunction {
  const known = validators.get(event);
  if (known) return known;
  const validate = ajv.compile(EVENT_SCHEMAS[event]);
  validators.set(event, validate);
  return validate;
}

const poison = (cause: string, text: string): Parsed => ({ kind: 'poison', cause, text });

/** Checks everything about a record that can be checked without the database. Never throws. */
export function parseMessage(origin: IncomingMessage): Parsed {
  const { headers, value } = origin;
  if (value === null) return poison('null-value', 'The record has no value.');
  if (value.length > MAX_VALUE_BYTES)
    return poison('too-large', `The value has ${value.length} bytes, at most ${MAX_VALUE_BYTES} are read.`);
  const type = headers['ce_type'];
  const eventId = headers['ce_id'];
  if (headers['ce_specversion'] !== '1.0' || type === undefined || eventId === undefined)
    return poison('not-a-cloud-event', 'The headers ce_specversion (1.0), ce_type and ce_id are required.');
  const parsed = parseType(type);
  if (!parsed) return poison('unknown-event', `There is no event type ${JSON.stringify(type)}.`);
  if (!origin.topic.endsWith(`.${parsed.event}`))
    return poison('wrong-topic', `Event ${parsed.event} does not belong on topic ${origin.topic}.`);
  if (parsed.version !== EVENT_VERSION)
    return poison(
      'unknown-version',
      `Version ${parsed.version} of ${parsed.event}; known is ${EVENT_VERSION}.`,
    );
  return parseData(origin, parsed.event, { value, eventId });
}

function parseData(
  origin: IncomingMessage,
  event: EventName,
  { value, eventId }: { value: Buffer; eventId: string },
): Parsed {
  let text: string;
  let data: unknown;
  try {
    text = utf8.decode(value);
    data = secureJson.parse(text);
  } catch (error) {
    return poison('bad-json', `The value is not JSON in UTF-8: ${(error as Error).message}`);
  }
  const validate = validatorOf(event);
  if (!validate(data))
    return poison('bad-data', `${event} v${EVENT_VERSION}: ${ajv.errorsText(validate.errors)}`);
  const checked = data as EventData[EventName];
  const mismatch = checkIdentity(origin, checked);
  if (mismatch) return mismatch;
  const traceparent = origin.headers['traceparent'] ?? newTraceparent();
  return {
    kind: 'event',
    message: { event, id: checked.id, eventId, data: checked, text, traceparent, origin },
  };
}

function checkIdentity(origin: IncomingMessage, data: EventData[EventName]): Parsed | undefined {
  if (!isUuid(data.id) || origin.headers['ce_subject'] !== data.id)
    return poison('wrong-id', `ce_subject is ${origin.headers['ce_subject']}, the data says ${data.id}.`);
  if (!origin.headers['ce_id']!.startsWith(`${data.id}:`))
    return poison('wrong-id', `ce_id is ${origin.headers['ce_id']}, the data says ${data.id}.`);
  const key = origin.key?.toString() ?? null;
  if (key !== data.key) return poison('wrong-key', `The record's key is ${key}, the data says ${data.key}.`);
  return undefined;
}
