import { expect, test } from 'vitest';
import { createLogger } from '../../otel/logger.ts';
import type { Requirement } from './requirements.ts';
import { awaitRequirements, databaseOf } from './requirements.ts';
import { NotYetError } from './wait-until-done.ts';

function rig() {
  const lines: string[] = [];
  const reasons: (string | undefined)[] = [];
  const log = createLogger('test', { destination: { write: (line) => void lines.push(line) } });
  const waitFor = (reason: string | undefined): void => void reasons.push(reason);
  return { lines, reasons, context: { log, waitFor, signal: new AbortController().signal } };
}

/** Is there at the second look. */
function late(reason: string): Requirement {
  let looks = 0;
  return async () => {
    if (++looks < 2) throw new NotYetError(reason);
  };
}

test('what is missing is told together, by readiness and in the log, until all of it is there', async () => {
  const { context, lines, reasons } = rig();
  await awaitRequirements([late('no database'), late('no topics')], 10, context);
  expect(reasons).toEqual(['no database; no topics', undefined]);
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'waiting: no database; no topics',
    'what was waited for is there',
  ]);
});

test('what is there is not talked about', async () => {
  const { context, lines } = rig();
  await awaitRequirements([() => Promise.resolve()], 10, context);
  expect(lines).toEqual([]);
});

test('an error that nobody has foreseen ends the start at once', async () => {
  const { context } = rig();
  const bug = new TypeError('x is not a function');
  await expect(awaitRequirements([late('no database'), () => Promise.reject(bug)], 10, context)).rejects.toBe(
    bug,
  );
});

test('a database that cannot be asked is named, without its password, and so is what it says', async () => {
  const refused = Object.assign(new Error('no pg_hba.conf entry'), { code: '28000' });
  const store = { missingMigrations: () => Promise.reject(refused) };
  const given = databaseOf(store, 'postgres://me:secret@db/sluice')();
  await expect(given).rejects.toThrow(
    'the database db:5432/sluice is not there: no pg_hba.conf entry (28000)',
  );
});

test('a schema that is behind is named by what it lacks', async () => {
  const store = { missingMigrations: () => Promise.resolve(['000002_more.sql']) };
  const given = databaseOf(store, 'postgres://db/sluice')();
  await expect(given).rejects.toThrow(NotYetError);
  await expect(given).rejects.toThrow(
    /schema of the database db:5432\/sluice lacks 000002_more\.sql: `sluice migrate`/,
  );
});
