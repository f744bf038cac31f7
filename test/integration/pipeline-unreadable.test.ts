import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '../../services/cli/verify.ts';
import { standing } from '../../services/cli/why/standing.ts';
import { redriveLetters } from '../../services/store/pg/dlq.ts';
import { transactionFacts } from '../../services/store/pg/why.ts';
import type { TestPipeline } from '../fixtures/pipeline.ts';
import { startPipeline } from '../fixtures/pipeline.ts';
import { submission } from '../fixtures/transactions.ts';
import { until } from '../fixtures/until.ts';

const SWEEP_AFTER_SECONDS = 0.1;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startPipeline('unreadable', { sweepAfterSeconds: SWEEP_AFTER_SECONDS });
});
afterAll(() => pipeline?.stop());

interface Letter {
  readonly id: string;
  readonly cause: string;
  readonly stage: string;
  readonly owner: string | null;
}
const letters = (id: string) =>
  pipeline.store.query<Letter>(
    `select id::text, cause, stage, transaction_id as owner from dead_letter
     where headers->>'ce_subject' = $1 order by dead_letter.id`,
    [id],
  );
const state = async (id: string) => (await pipeline.store.find(id))?.state;

test('an event that nobody can read is published a few times again, then waits for somebody to look', async () => {
  const { store, database } = pipeline;
  const good = submission();
  const bad = submission();
  const { payload: _payload, ...rest } = JSON.parse(bad.data) as { payload: unknown };
  await store.accept([{ ...bad, data: JSON.stringify(rest) }, good]);
  const own = await until('the relay to bury it', async () =>
    (await letters(bad.id)).find(({ owner }) => owner === bad.id),
  );
  expect(own).toMatchObject({ cause: 'unreadable', stage: 'relay' });
  await until('the other one to be done', async () => (await state(good.id)) === 'done');

  // The first publication and five more; the next would come within 3.2 s.
  const buried = await letters(bad.id);
  expect(buried.map(({ cause }) => cause)).toEqual([
    ...Array.from({ length: 6 }, () => 'bad-data'),
    'unreadable',
  ]);
  await new Promise((resolve) => setTimeout(resolve, 2 ** 6 * SWEEP_AFTER_SECONDS * 1_000));
  expect(await letters(bad.id)).toEqual(buried);

  const report = await verify({ databaseUrl: database.url });
  expect(report.stuck.examples).toMatchObject([
    { id: bad.id, state: 'accepted', letterId: own.id, cause: 'unreadable' },
  ]);
  const facts = await transactionFacts(store.pool, bad.id);
  expect(standing(facts!).waitsFor).toContain(`dead letter ${own.id} (unreadable)`);

  // A redrive that does not help is no way round it.
  await redriveLetters(store.pool, { ids: [own.id] }, { afterId: '0', limit: 1 });
  const again = await until('the relay to bury it again', async () =>
    (await letters(bad.id)).find(({ owner, id }) => owner === bad.id && id !== own.id),
  );

  // As if the stage had learned to read it.
  await store.query('update event set data = $2::json where transaction_id = $1 and version = 1', [
    bad.id,
    bad.data,
  ]);
  await store.query('update dead_letter set value = $2 where id = $1', [again.id, Buffer.from(bad.data)]);
  await redriveLetters(store.pool, { ids: [again.id] }, { afterId: '0', limit: 1 });
  await until('it to be done', async () => (await state(bad.id)) === 'done');
  expect(pipeline.fatal).toEqual([]);
});
