import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { AcceptOutcome, Submission } from '../store/port.ts';
import { Registry, TRANSACTION_TYPES } from '../transactions/registry.ts';
import { createBulkBatch } from './bulk-batch.ts';
import { bulkStream } from './bulk-stream.ts';
import { A_PAYMENT, TransientError } from './api-fixture.ts';
import { FakeStore } from './fake-store.ts';
import type { Line } from './line-reader.ts';
import { createSubmissionParser } from './submission.ts';
import { createTurns } from './turns.ts';
import { createValidation } from './validation.ts';

const parser = createSubmissionParser(new Registry(TRANSACTION_TYPES), createValidation());
const isTransient = (error: unknown) => error instanceof TransientError;

interface Answered {
  readonly line?: number;
  readonly id?: string;
  readonly error?: { readonly type: string };
  readonly summary?: object;
}

type Store = Pick<FakeStore, 'accept' | 'versions'>;

function open(lines: AsyncIterable<Line[]>, store: Store, batchId = 'batch') {
  return bulkStream({
    lines,
    cutShort: () => false,
    batch: createBulkBatch({
      batchId,
      createdMs: 1_700_000_000_000,
      traceparent: () => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`,
      parser,
      store,
      lineMaxBytes: 1_000,
    }),
    turns: createTurns({ max: () => 2, defer: () => false }),
    isTransient,
    problemOf: () => ({ code: 'store-unavailable', detail: 'away' }),
    onResult: () => {},
    onError: () => {},
    retryForMs: 500,
  });
}

async function readAll(stream: AsyncIterable<string>): Promise<Answered[]> {
  let text = '';
  for await (const part of stream) text += part;
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answered);
}

const good = (key?: string): string =>
  JSON.stringify({ type: 'payment', payload: A_PAYMENT, ...(key && { key }) });

async function* inReads(texts: readonly string[], perRead = 1_000): AsyncGenerator<Line[]> {
  const lines = texts.map((text, index) => ({ number: index + 1, bytes: Buffer.from(text) }));
  for (let at = 0; at < lines.length; at += perRead) yield lines.slice(at, at + perRead);
}

describe('bulkStream', () => {
  test('answers every line in order, whatever becomes of it, and sums up', async () => {
    const store = new FakeStore();
    const texts = [good(), '{"type":"payment"}', good('k'), 'nonsense', good()];
    const answers = await readAll(open(inReads(texts, 2), store));
    expect(answers.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, undefined]);
    expect(answers.map(({ error }) => error?.type)).toEqual([
      undefined,
      'urn:sluice:problem:invalid-request',
      undefined,
      'urn:sluice:problem:bad-json',
      undefined,
      undefined,
    ]);
    const summary = { lines: 5, accepted: 3, replayed: 0, rejected: 2, complete: true };
    expect(answers.at(-1)).toEqual({ summary });
    expect(store.rows.size).toBe(3);
  });

  test('a batch that is sent again, or on from where it broke, gets the same ids and doubles nothing', async () => {
    const store = new FakeStore();
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.integer({ min: 0, max: 40 }), async (batchId, brokeAt) => {
        const before = store.rows.size;
        const texts = Array.from({ length: 40 }, (_, n) => good(n % 3 === 0 ? `key-${n % 5}` : undefined));
        const first = await readAll(open(inReads(texts.slice(0, brokeAt), 7), store, batchId));
        const again = await readAll(open(inReads(texts, 9), store, batchId));
        expect(again.slice(0, brokeAt)).toEqual(first.slice(0, brokeAt));
        expect(again.at(-1)?.summary).toMatchObject({ accepted: 40 - brokeAt, replayed: brokeAt });
        expect(store.rows.size - before).toBe(40);
      }),
      { numRuns: 20 },
    );
  });

  test('a line that changes its content under the same batch is a conflict', async () => {
    const store = new FakeStore();
    await readAll(open(inReads([good('a')]), store));
    const [answer] = await readAll(open(inReads([good('b')]), store));
    expect(answer?.error?.type).toBe('urn:sluice:problem:line-conflict');
  });

  test('a deadline that has passed since does not hide a line that was stored', async () => {
    const store = new FakeStore();
    const withDeadline = (ms: number) =>
      JSON.stringify({
        type: 'payment',
        payload: A_PAYMENT,
        deadline: new Date(Date.now() + ms).toISOString(),
      });
    const soon = withDeadline(5_000);
    const [stored] = await readAll(open(inReads([soon]), store));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    const [again, late] = await readAll(open(inReads([soon, withDeadline(-1_000)]), store));
    expect(again).toEqual(stored);
    expect(late?.error?.type).toBe('urn:sluice:problem:invalid-request');
    vi.useRealTimers();
  });

  test('is not slowed down by, or lost to, a database that is away for a moment', async () => {
    const store = new FakeStore();
    store.acceptErrors.push(new TransientError(), new TransientError());
    const answers = await readAll(open(inReads([good(), good()]), store));
    expect(answers.at(-1)).toMatchObject({ summary: { accepted: 2, complete: true } });
  });

  test('gives up, and says so, when the database stays away', async () => {
    const store = new FakeStore();
    store.acceptErrors.push(...Array.from({ length: 100 }, () => new TransientError()));
    const texts = Array.from({ length: 3_000 }, () => good());
    const answers = await readAll(open(inReads(texts, 250), store));
    expect(answers.at(-1)).toMatchObject({ summary: { accepted: 0, complete: false } });
    expect(answers.length).toBeLessThan(3_000);
    expect(store.rows.size).toBe(0);
  });

  test('one line that the database chokes on does not fail the others', async () => {
    const store = new FakeStore();
    const choking: Store = {
      versions: (ids) => store.versions(ids),
      async accept(batch) {
        if (batch.some(({ key }) => key === 'bad')) throw new Error('cannot store this');
        return store.accept(batch);
      },
    };
    const answers = await readAll(open(inReads([good(), good('bad'), good()]), choking));
    expect(answers.map(({ error }) => error !== undefined)).toEqual([false, true, false, false]);
    expect(store.rows.size).toBe(2);
  });
});

describe('bulkStream under load', () => {
  test('reads no further ahead than it can store and the client takes away', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Line[]> {
      for (let number = 1; ; number += 100) {
        read += 100;
        yield Array.from({ length: 100 }, (_, n) => ({ number: number + n, bytes: Buffer.from(good()) }));
      }
    }
    const stream = open(endless(), new FakeStore());
    for (let parts = 0; parts < 3; parts++) await stream.next();
    const readSoFar = read;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(read).toBe(readSoFar);
    expect(read).toBeLessThan(5_000);
    await stream.return(undefined);
  });

  test('keeps at most two chunks of at most 500 lines in flight', async () => {
    const flights = new Flights();
    await readAll(open(inReads(Array.from({ length: 5_000 }, () => good())), flights.store));
    expect(flights.most).toBe(2);
    expect(Math.max(...flights.sizes)).toBe(500);
  });

  test('lines with equal keys are never in flight together', async () => {
    const flights = new Flights();
    await readAll(open(inReads(Array.from({ length: 3_000 }, () => good('same'))), flights.store));
    expect(flights.most).toBe(1);
  });

  test('answers a client that waits for each answer before it sends the next line', async () => {
    const answered: string[] = [];
    async function* oneByOne(): AsyncGenerator<Line[]> {
      for (let number = 1; number <= 3; number++) {
        while (answered.length < number - 1) await new Promise((resolve) => setTimeout(resolve, 1));
        yield [{ number, bytes: Buffer.from(good()) }];
      }
    }
    for await (const part of open(oneByOne(), new FakeStore())) answered.push(part);
    expect(answered).toHaveLength(4);
  });
});

/** A store that takes its time, and notes what goes on at once. */
class Flights {
  most = 0;
  readonly sizes: number[] = [];
  private now = 0;
  private readonly fake = new FakeStore();
  readonly store: Store = {
    versions: (ids) => this.fake.versions(ids),
    accept: (batch) => this.accept(batch),
  };

  private async accept(batch: readonly Submission[]): Promise<AcceptOutcome[]> {
    this.sizes.push(batch.length);
    this.most = Math.max(this.most, ++this.now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.now--;
    return this.fake.accept(batch);
  }
}
