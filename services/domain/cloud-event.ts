import type { EventName } from './state-machine.ts';
import { EVENT_NAMES } from './state-machine.ts';
import { EVENT_VERSION, dataSchema, eventType } from './events.ts';

/**
 * CloudEvents 1.0, Kafka protocol binding, binary content mode: attributes are `ce_` headers, the data is
 * the message value. https://github.com/cloudevents/spec (kafka-protocol-binding.md, section 3.2)
 */
export type Headers = Readonly<Record<string, string>>;

export interface EventIdentity {
  readonly transactionId: string;
  readonly version: number;
  readonly event: EventName;
  readonly at: Date;
  readonly traceparent?: string | undefined;
}

const SOURCE = '/sluice/transactions';

export function toHeaders(identity: EventIdentity): Headers {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: `${identity.transactionId}:${identity.version}`,
    ce_source: SOURCE,
    ce_type: eventType(identity.event, EVENT_VERSION),
    ce_subject: identity.transactionId,
    ce_time: identity.at.toISOString(),
    ce_dataschema: dataSchema(identity.event, EVENT_VERSION),
    'content-type': 'application/json',
  };
  if (identity.traceparent) headers['traceparent'] = identity.traceparent;
  return headers;
}

const TYPE = /^sluice\.transaction\.([a-z-]+)\.v(\d+)$/;
const known = new Set<string>(EVENT_NAMES);

/** The event a `ce_type` names, or undefined when it is not one of ours. */
export function parseType(type: string): { event: EventName; version: number } | undefined {
  const match = TYPE.exec(type);
  if (!match || !known.has(match[1]!)) return undefined;
  return { event: match[1] as EventName, version: Number(match[2]) };
}
