import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../../services/broker/port.ts';
import { deadLetterTopicOf, topicOf } from '../../services/domain/events.ts';
import type { Stage } from '../../services/domain/stages.ts';
import type { EventName } from '../../services/domain/state-machine.ts';
import { ORDERS, isTerminal } from '../../services/domain/state-machine.ts';
import { POISONS, message } from '../fixtures/messages.ts';
import type { TestPipeline } from '../fixtures/pipeline.ts';
import { startPipeline } from '../fixtures/pipeline.ts';
import { submission } from '../fixtures/transactions.ts';
import { until } from '../fixtures/until.ts';

/** Every topic that a stage consumes, with the stages that do. */
const CONSUMED: readonly (readonly [EventName, readonly Stage[]])[] = [
  ['new', ['validate', 'remote']],
  ['validated', ['remote', 'persist']],
  ['remote-responded', ['persist']],
  ['compensation-requested', ['remote']],
];

let pipeline: TestPipeline;

beforeAll(async () => {
  pipeline = await startPipeline('poison');
}, 60_000);
afterAll(() => pipeline.stop());

function toOutgoing(event: EventName, spoilt: ReturnType<typeof message>): OutgoingMessage {
  const { key, value, headers } = spoilt;
  return { topic: topicOf(pipeline.broker.prefix, event), key, value, headers };
}

interface Letter {
  readonly cause: string;
  readonly stage: Stage;
  readonly value: Buffer | null;
}

async function letters(topic: string): Promise<Letter[]> {
  return pipeline.store.query<Letter>(
    'select cause, stage, value from dead_letter where topic = $1 order by id',
    [topic],
  );
}

async function outcome(id: string): Promise<string> {
  return until(`the end of ${id}`, async () => {
    const state = (await pipeline.store.find(id))?.state;
    return state && isTerminal(state) && state;
  });
}

describe.each(CONSUMED)('on the topic of %s', (event, stages) => {
  test('every poison is one dead letter, with its cause; nobody else is delayed', async () => {
    const { broker, store } = pipeline;
    const topic = topicOf(broker.prefix, event);
    // An order whose event of this kind is work for a stage; what only shares the topic is skipped.
    const order = event === 'new' ? 'fanOut' : 'chained';
    const poisons = POISONS.filter(({ cause }) => cause !== 'too-large');
    const large = { ...message({ event, order }), value: Buffer.alloc(900_000, 0x61) };
    // Each order has its own stage that finds out.
    const unknown = ORDERS.map((one) => message({ event, order: one }));
    const before = Array.from({ length: 5 }, () => submission({ order }));
    const after = Array.from({ length: 5 }, () => submission());
    await store.accept(before);
    await broker.producer.send([
      ...poisons.map(({ spoil }) => toOutgoing(event, spoil(message({ event, order })))),
      ...unknown.map((one) => toOutgoing(event, one)),
    ]);
    await broker.producer.send([toOutgoing(event, large)]);
    const startMs = performance.now();
    await store.accept(after);
    for (const { id } of [...before, ...after]) expect(await outcome(id)).toBe('done');
    expect(performance.now() - startMs).toBeLessThan(10_000);
    // Both stages that read a topic see it, and the first to do so buries it: once for each record.
    const causes = [...poisons, ...unknown.map(() => ({ cause: 'unknown-id' }))].map(({ cause }) => cause);
    const expected = [...causes, 'too-large'].toSorted();
    const found = await until('all dead letters', async () => {
      const all = await letters(topic);
      return all.length >= expected.length && all;
    });
    expect(found.map(({ cause }) => cause).toSorted()).toEqual(expected);
    for (const { stage } of found) expect(stages).toContain(stage);
    const dead = deadLetterTopicOf(topic);
    await until('the dead letters to be published', async () => {
      const [end] = await broker.admin.topicOffsets(dead);
      return Number(end!.high) >= expected.length;
    });
    expect(pipeline.fatal).toEqual([]);
  });
});

test('a message with the key of somebody else is not worked on', async () => {
  const one = submission({ key: 'mine' });
  await pipeline.store.accept([one]);
  expect(await outcome(one.id)).toBe('done');
  const forged = message({ event: 'new', id: one.id, key: 'other' });
  await pipeline.broker.producer.send([{ ...toOutgoing('new', forged), key: 'mine' }]);
  const topic = topicOf(pipeline.broker.prefix, 'new');
  await until('its dead letter', async () =>
    (await letters(topic)).some(({ value }) => value?.equals(forged.value!)),
  );
});

test('a header that holds anything at all does no harm', async () => {
  const headers = { ...message().headers, 'x\0y': 'a\0b', __proto__: 'p', traceparent: 'not\0one' };
  const id = randomUUIDv7();
  await pipeline.broker.producer.send([
    { ...toOutgoing('new', { ...message({ id }), headers: { ...headers, ce_subject: id } }) },
  ]);
  const topic = topicOf(pipeline.broker.prefix, 'new');
  await until('its dead letter', async () => (await letters(topic)).some(({ value }) => value?.includes(id)));
  const one = submission();
  await pipeline.store.accept([one]);
  expect(await outcome(one.id)).toBe('done');
  expect(pipeline.fatal).toEqual([]);
});

test('an answer of the remote that Postgres cannot take does not stop the others', async () => {
  // NUL is legal in JSON text and impossible in jsonb.
  const strange = submission({
    payload: { ...JSON.parse(submission().data).payload, reference: 'a\u0000b' },
  });
  const one = submission();
  await pipeline.store.accept([strange, one]);
  expect(await outcome(one.id)).toBe('done');
  const topic = topicOf(pipeline.broker.prefix, 'remote-responded');
  await until('its end or its dead letter', async () => {
    const state = (await pipeline.store.find(strange.id))!.state;
    return isTerminal(state) || (await letters(topic)).some(({ cause }) => cause === 'statement-failed');
  });
  expect(pipeline.fatal).toEqual([]);
});
