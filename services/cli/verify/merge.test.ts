import { expect, test } from 'vitest';
import type { AuditSnapshot, Cursor } from '../../store/pg/audit.ts';
import { dossiers } from './merge.ts';

/** Hands out the ids as rows, so many at a time. */
function cursor(ids: readonly string[], batch: number): Promise<Cursor<never>> {
  let at = 0;
  const next = (): Promise<never[]> => {
    const rows = ids.slice(at, (at += batch)).map((id) => ({ id }));
    return Promise.resolve(rows as never[]);
  };
  return Promise.resolve({ next });
}

function snapshot(batch: number): AuditSnapshot {
  const of =
    (...ids: string[]) =>
    () =>
      cursor(ids, batch);
  return {
    transactions: of('a', 'b', 'd'),
    events: of('a', 'a', 'a', 'b', 'c', 'c', 'd'),
    payments: of('b', 'b', 'e'),
    lanes: of('d'),
    openLetters: of(),
    effects: of('a', 'f'),
  } as unknown as AuditSnapshot;
}

test.each([1, 2, 3, 100])('one dossier per id that occurs anywhere, in batches of %i', async (batch) => {
  const found = await Array.fromAsync(dossiers(snapshot(batch)));
  expect(
    found.map(({ id, row, events, payments, lanes, effect }) =>
      [id, row ? 'row' : '-', events.length, payments.length, lanes, effect ? 'effect' : '-'].join(' '),
    ),
  ).toEqual([
    'a row 3 0 0 effect',
    'b row 1 2 0 -',
    'c - 2 0 0 -',
    'd row 1 0 1 -',
    'e - 0 1 0 -',
    'f - 0 0 0 effect',
  ]);
});
