import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournal } from './journal.ts';
import { Ledger } from './ledger.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  path = join(directory, 'ledger.ndjson');
});
afterEach(() => rm(directory, { recursive: true }));

async function reopened(): Promise<Ledger> {
  const ledger = new Ledger();
  await (await openJournal(path, ledger)).close();
  return ledger;
}

async function writeThree(): Promise<void> {
  const ledger = new Ledger();
  const journal = await openJournal(path, ledger);
  const writes = ['a', 'b', 'ключ "c"'].map((key, index) => {
    ledger.execute({ key, fingerprint: index, transactionKey: `k${index}`, decline: index === 1, nowMs: 5 });
    return journal.write(key, ledger.get(key)!);
  });
  await Promise.all(writes);
  ledger.reverse('a', 6);
  await journal.write('a', ledger.get('a')!);
  await journal.close();
}

test('what was written is there after a restart, and counting goes on', async () => {
  await writeThree();
  const ledger = await reopened();
  expect(ledger.get('a')).toEqual({
    seq: 1,
    atMs: 5,
    fingerprint: 0,
    state: 'reversed',
    transactionKey: 'k0',
  });
  expect(ledger.get('b')).toMatchObject({ state: 'declined' });
  expect(ledger.get('ключ "c"')).toMatchObject({ state: 'executed', seq: 3 });
  expect(ledger.totals).toEqual({ executed: 1, declined: 1, reversed: 1, tombstone: 0 });
  expect(ledger.reverse('new', 7).entry.seq).toBe(4);
});

test('a write is in the file when it resolves', async () => {
  const ledger = new Ledger();
  const journal = await openJournal(path, ledger);
  for (const key of ['a', 'b', 'c']) {
    ledger.reverse(key, 1);
    await journal.write(key, ledger.get(key)!);
    expect(await readFile(path, 'utf8')).toContain(`"${key}"`);
  }
  await journal.close();
});

test('settled waits for a write under way and for what follows it', async () => {
  const ledger = new Ledger();
  const journal = await openJournal(path, ledger);
  const entry = ledger.reverse('x', 1).entry;
  void journal.write('first', entry);
  await new Promise((resolve) => setImmediate(resolve));
  void journal.write('second', entry);
  await journal.settled();
  expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3);
  await journal.close();
});

test('half a line left by a kill is cut off and does not spoil the next', async () => {
  await writeThree();
  await appendFile(path, '["torn",0,4');
  const ledger = new Ledger();
  const journal = await openJournal(path, ledger);
  expect(ledger.get('torn')).toBeUndefined();
  await journal.write('next', ledger.reverse('next', 1).entry);
  await journal.close();
  expect((await reopened()).get('next')).toMatchObject({ state: 'tombstone', seq: 4 });
});

test('a file that is something else is refused with its place', async () => {
  await writeThree();
  await appendFile(path, 'hello\n');
  await expect(openJournal(path, new Ledger())).rejects.toThrow(`${path}, line 5`);
});

test('clearing forgets what was before and keeps what comes after', async () => {
  await writeThree();
  const ledger = new Ledger();
  const journal = await openJournal(path, ledger);
  ledger.clear();
  await Promise.all([journal.clear(), journal.write('after', ledger.reverse('after', 1).entry)]);
  await journal.close();
  const again = await reopened();
  expect(again.size).toBe(1);
  expect(again.get('after')).toMatchObject({ seq: 1 });
});
