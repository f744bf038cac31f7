import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { TestServer } from '../test-server.fixture.ts';
import { serve } from '../test-server.fixture.ts';
import { LedgerError, readLedger } from './ledger.ts';

const ID = '01a1fdb2-b10e-7f00-ba39-996d9305752e';
const line = (key: string, effects = 1): string =>
  `${JSON.stringify({ key, effects, reversals: 0, tombstone: false, seq: 3, at: '2026-01-01T00:00:00Z' })}\n`;

let server: TestServer | undefined;
afterEach(() => server?.close());

async function ledgerOf(answer: (response: ServerResponse) => void) {
  server = await serve((_request, response) => answer(response));
  return Array.fromAsync(readLedger(`${server.url}/`));
}

test('takes keys that are ids for entries, and others with an effect for foreign', async () => {
  const batches = await ledgerOf((response) =>
    response.end(line(ID) + line('weird') + line('weird without effect', 0)),
  );
  expect(batches).toEqual([{ entries: [{ id: ID, effects: 1, reversals: 0, seq: 3 }], foreign: ['weird'] }]);
});

test('comes in batches', async () => {
  const batches = await ledgerOf((response) => response.end(line(ID).repeat(12_000)));
  expect(batches.map(({ entries }) => entries.length)).toEqual([5_000, 5_000, 2_000]);
});

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  ['a status', (response) => response.writeHead(503).end('busy'), /answered 503/],
  ['something else', (response) => response.end('<html>\n'), /is not a ledger, by this line: "<html>"/],
  [
    'half of one',
    (response) => {
      response.writeHead(200, { 'content-length': 100_000 });
      response.write(line(ID), () => response.destroy());
    },
    /failed: /,
  ],
])('is an error when it is %s', async (_name, answer, message) => {
  const reading = ledgerOf(answer);
  await expect(reading).rejects.toThrow(LedgerError);
  await expect(reading).rejects.toThrow(message);
});
