import { randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POISONS, message } from '../../test/fixtures/messages.ts';
import type { IncomingMessage } from '../broker/port.ts';
import { parseType, toHeaders } from '../domain/cloud-event.ts';
import { EVENT_SCHEMAS, EVENT_VERSION, eventType } from '../domain/events.ts';
import { EVENT_NAMES, ORDERS } from '../domain/state-machine.ts';
import { parseMessage } from './parse-message.ts';

const VERDICTS = ['event', ...new Set(POISONS.map(({ cause }) => cause))];
const event = fc.constantFrom(...EVENT_NAMES);

test('what the relay writes is what a stage reads, for every event', () => {
  fc.assert(
    fc.property(
      event,
      fc.constantFrom(...ORDERS),
      // No `__proto__`: the API refuses it, and so does the parser.
      fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__')),
      fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }),
      (name, order, payload, key) => {
        const id = randomUUIDv7();
        const origin = message({ event: name, order, id, key, payload });
        const parsed = parseMessage(origin);
        if (parsed.kind === 'poison') throw new Error(`${parsed.cause}: ${parsed.text}`);
        expect(parsed.message).toMatchObject({ event: name, id, eventId: `${id}:1`, origin });
        expect(parsed.message.text).toBe(origin.value!.toString());
        expect(parsed.message.data).toEqual(JSON.parse(origin.value!.toString()));
        expect(parsed.message.traceparent).toBe(origin.headers['traceparent']);
      },
    ),
  );
});

test('every event has a schema, and a type that can be parsed', () => {
  fc.assert(
    fc.property(event, fc.nat(), (name, version) => {
      expect(EVENT_SCHEMAS[name]).toMatchObject({ type: 'object' });
      expect(parseType(eventType(name, version))).toEqual({ event: name, version });
    }),
  );
  expect(EVENT_VERSION).toBe(1);
});

test('an event with fields of a later version is read, one without a trace is given one', () => {
  const origin = message();
  const data = { ...(JSON.parse(origin.value!.toString()) as object), added: { later: true } };
  const { traceparent: _traceparent, ...headers } = origin.headers;
  const parsed = parseMessage({ ...origin, headers, value: Buffer.from(JSON.stringify(data)) });
  expect(parsed).toMatchObject({ kind: 'event', message: { traceparent: expect.stringMatching(/^00-/) } });
});

describe('poison', () => {
  test.each(POISONS)('$name is $cause', ({ cause, spoil }) => {
    const parsed = parseMessage(spoil(message()));
    expect(parsed).toMatchObject({ kind: 'poison', cause });
    expect(parsed.kind === 'poison' && parsed.text).toMatch(/\S/);
  });

  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

  /** Turns some bytes of a good value around. */
  const damaged = fc
    .tuple(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), fc.nat())
    .map(([flips, cut]) => {
      const value = Buffer.from(message().value!);
      for (const [at, byte] of flips) value[at % value.length] = byte;
      return value.subarray(0, value.length - (cut % 4 === 0 ? cut % value.length : 0));
    });

  test('whatever the bytes are, it is an event or has a cause we know; nothing throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          damaged,
          fc.json().map((text) => Buffer.from(text)),
          fc.constant(null),
        ),
        fc.option(bytes),
        (value, key) => {
          const parsed = parseMessage({ ...message(), value, key });
          expect(VERDICTS).toContain(parsed.kind === 'poison' ? parsed.cause : 'event');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('whatever the headers are, it is an event or has a cause we know', () => {
    const names = fc.oneof(fc.constantFrom(...Object.keys(message().headers)), fc.string({ maxLength: 10 }));
    const pairs = fc.array(
      fc.tuple(
        names,
        bytes.map((some) => some.toString('latin1')),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        pairs.map((some) => Object.fromEntries(some)),
        fc.boolean(),
        (headers, keep) => {
          const good = message();
          const origin: IncomingMessage = {
            ...good,
            headers: keep ? { ...good.headers, ...headers } : headers,
          };
          const parsed = parseMessage(origin);
          expect(VERDICTS).toContain(parsed.kind === 'poison' ? parsed.cause : 'event');
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('the headers name the versioned schema and the identity of the event', () => {
  const at = new Date(0);
  expect(toHeaders({ transactionId: 'x', version: 3, event: 'done', at })).toEqual({
    ce_specversion: '1.0',
    ce_id: 'x:3',
    ce_source: '/sluice/transactions',
    ce_type: 'sluice.transaction.done.v1',
    ce_subject: 'x',
    ce_time: '1970-01-01T00:00:00.000Z',
    ce_dataschema: 'urn:sluice:transaction:done:1',
    'content-type': 'application/json',
  });
});
