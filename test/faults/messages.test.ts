import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { EVENT_NAMES, isPublished } from '../../services/domain/state-machine.ts';
import { deadLetterTopicOf, topicOf } from '../../services/domain/events.ts';
import { POISONS, message } from '../fixtures/messages.ts';
import { seeded, shuffled } from '../fixtures/shuffle.ts';
import { until } from '../fixtures/until.ts';
import { FaultStack, LOAD as USUAL } from './fault-stack.ts';
import { play } from './round.ts';
import { readAll, sendAll } from './topics.ts';

const SLUICE = join(import.meta.dirname, '..', '..', 'bin', 'sluice.mjs');
const run = promisify(execFile);

const stack = FaultStack.forThisFile();

const LOAD = { ...USUAL, beforeMs: 5_000 };
const COPIES = 10;
const TOPICS = EVENT_NAMES.filter(isPublished).map((event) => topicOf('sluice', event));

/** All that is known of the transactions that have ended before a moment. */
function snapshot(before: Date): Promise<{ rows: number; digest: string }[]> {
  return stack.query(
    `select count(*)::int as rows, md5(string_agg(t::text || e.log, ',' order by t.id)) as digest
     from transaction t
     join lateral (select string_agg(version || event || at, ',' order by version) as log from event
                   where transaction_id = t.id) e on true
     where t.outcome is not null and t.updated_at < $1`,
    [before],
  );
}

const letters = () =>
  stack.query<{ id: string; topic: string; cause: string }>('select id, topic, cause from dead_letter');

test('every message of every topic comes ten times more, in any order: nothing changes', async () => {
  const { brokers } = stack.endpoints;
  let copies = 0;
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'duplicates x10, shuffled',
    fault: async () => {
      const now = await until('enough to have ended', async () => {
        const [found] = await stack.query<{ now: Date; ended: number }>(
          'select clock_timestamp() as now, (select count(*) from transaction where outcome is not null)::int as ended',
        );
        return found!.ended >= 200 && found!.now;
      });
      const before = await snapshot(now);
      const messages = await readAll(brokers, TOPICS);
      const many = Array.from({ length: COPIES }, () => messages).flat();
      copies = many.length;
      await sendAll(brokers, shuffled(many, seeded(7)));
      await sleep(3_000);
      expect(await snapshot(now)).toEqual(before);
    },
  });
  expect(faults).toEqual([]);
  expect(copies).toBeGreaterThan(COPIES * 500);
  expect(await letters()).toEqual([]);
});

test('poison on every topic that is consumed: one dead letter each, the others are not delayed', async () => {
  const { brokers } = stack.endpoints;
  const events = ['new', 'validated', 'remote-responded', 'compensation-requested'] as const;
  const poisoned = events.flatMap((event) => POISONS.map(({ spoil }) => spoil(message({ event }))));
  let recoveredMs = 0;
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'poison',
    fault: async ({ recovered }) => {
      await sendAll(brokers, shuffled(poisoned, seeded(3)));
      recoveredMs = await recovered();
    },
  });
  expect(faults).toEqual([]);
  expect(recoveredMs).toBeLessThan(10_000);
  const causes = (await letters()).map(({ topic, cause }) => `${topic} ${cause}`).sort();
  const expected = events.flatMap((event) =>
    POISONS.map(({ cause }) => `${topicOf('sluice', event)} ${cause}`),
  );
  expect(causes).toEqual(expected.sort());
  const buried = await readAll(
    brokers,
    events.map((event) => deadLetterTopicOf(topicOf('sluice', event))),
  );
  expect(
    buried.map(({ headers }) => `${headers['sluice_origin_topic']} ${headers['sluice_cause']}`).sort(),
  ).toEqual(causes);
});

test('a dead letter that is redriven comes back to its topic, and to the dead letters', async () => {
  const before = await letters();
  const letter = before.find(({ cause }) => cause === 'bad-json')!;
  const env = { ...process.env, DATABASE_URL: stack.endpoints.databaseUrl };
  await run(process.execPath, [SLUICE, 'dlq', 'redrive', '--id', letter.id], { env });
  const again = await until('the message to be buried again', async () => {
    const fresh = (await letters()).filter(({ id }) => !before.some((old) => old.id === id));
    return fresh.length > 0 && fresh;
  });
  expect(again).toMatchObject([{ topic: letter.topic, cause: letter.cause }]);
});
