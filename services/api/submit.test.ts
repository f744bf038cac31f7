import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, TestApi } from './api-fixture.ts';
import { A_PAYMENT, A_SUBMISSION, TransientError, send, startTestApi } from './api-fixture.ts';

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.stop());

const post = (body: string | Buffer | object, headers: Record<string, string> = {}) =>
  send(api.origin, '/v1/transactions', { body, headers });
const fields = (body: Record<string, unknown> | undefined) =>
  (body!['errors'] as { field?: string; header?: string }[]).map(({ field, header }) => field ?? header);

describe('a valid submission', () => {
  test('202 after the commit, with the place to ask at', async () => {
    let committed = false;
    api.store.beforeAccept = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      committed = true;
    };
    const answer = await post(A_SUBMISSION);
    expect(committed).toBe(true);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id: expect.any(String) as string, state: 'accepted' });
    expect(answer.headers.location).toBe(`/v1/transactions/${String(answer.body!['id'])}`);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  test('stores the event new, keyed by id or by the key that was sent', async () => {
    const plain = String((await post(A_SUBMISSION)).body!['id']);
    const keyed = String((await post({ ...A_SUBMISSION, key: 'Zürich 🏔' })).body!['id']);
    const { submission } = api.store.rows.get(plain)!;
    expect(submission).toMatchObject({ key: plain, keyed: false, order: 'chained' });
    const data = { id: plain, key: plain, type: 'payment', order: 'chained', payload: A_PAYMENT };
    expect(JSON.parse(submission.data)).toEqual(data);
    expect(api.store.rows.get(keyed)!.submission).toMatchObject({ key: 'Zürich 🏔', keyed: true });
  });

  test('a deadline is kept as one instant, whatever its offset', async () => {
    const answer = await post({ ...A_SUBMISSION, deadline: '2999-01-01T02:00:00+02:00' });
    const { submission } = api.store.rows.get(String(answer.body!['id']))!;
    expect(submission.deadline?.toISOString()).toBe('2999-01-01T00:00:00.000Z');
    expect(JSON.parse(submission.data)).toMatchObject({ deadline: '2999-01-01T00:00:00.000Z' });
  });

  test("carries the client's trace on", async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await post(A_SUBMISSION, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    const { traceparent } = api.store.rows.get(String(answer.body!['id']))!.submission;
    expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  test('many at once share few commits', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    api.store.beforeAccept = () => promise;
    const posts = Array.from({ length: 60 }, () => post(A_SUBMISSION));
    const flushing = () => api.store.batches.reduce((sum, size) => sum + size, 0);
    await expect.poll(() => flushing() + api.gauges.queued(), { timeout: 10_000 }).toBe(60);
    resolve();
    const answers = await Promise.all(posts);
    expect(answers.every(({ status }) => status === 202)).toBe(true);
    expect(new Set(answers.map(({ body }) => body!['id'])).size).toBe(60);
    expect(api.store.batches).toHaveLength(3);
  });
});

describe('a wrong submission is refused with every mistake and its place, and nothing is stored', () => {
  test.each<[string, object | string, string[]]>([
    ['not an object', '[]', ['']],
    ['nothing in it', {}, ['/type', '/payload']],
    ['unknown type', { type: 'paymnt', payload: {} }, ['/type']],
    ['unknown fields', { ...A_SUBMISSION, foo: 1, 'a/b': 2 }, ['/foo', '/a~1b']],
    ['wrong amount', { type: 'payment', payload: { ...A_PAYMENT, amount: 12.5 } }, ['/payload/amount']],
    ['negative amount', { type: 'payment', payload: { ...A_PAYMENT, amount: -1 } }, ['/payload/amount']],
    ['unknown field of the payload', { type: 'payment', payload: { ...A_PAYMENT, x: 1 } }, ['/payload/x']],
    ['empty key', { ...A_SUBMISSION, key: '' }, ['/key']],
    ['key too long', { ...A_SUBMISSION, key: 'x'.repeat(257) }, ['/key']],
    ['key with a control character', { ...A_SUBMISSION, key: 'a\tb' }, ['/key']],
    ['key that is no string', { ...A_SUBMISSION, key: 1 }, ['/key']],
    ['no deadline at all', { ...A_SUBMISSION, deadline: 'tomorrow' }, ['/deadline']],
    ['deadline without an offset', { ...A_SUBMISSION, deadline: '2999-01-01T00:00:00' }, ['/deadline']],
    ['deadline in the past', { ...A_SUBMISSION, deadline: '2020-01-01T00:00:00Z' }, ['/deadline']],
    ['deadline in a leap second', { ...A_SUBMISSION, deadline: '2990-12-31T23:59:60Z' }, ['/deadline']],
    ['deadline beyond 9999', { ...A_SUBMISSION, deadline: '9999-12-31T23:59:59-01:00' }, ['/deadline']],
    [
      'many',
      { type: 'payment', payload: { amount: '1' }, key: '', x: 1 },
      ['/x', '/key', '/payload/debtor', '/payload/creditor', '/payload/currency', '/payload/amount'],
    ],
  ])('%s', async (_name, body, places) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: 'urn:sluice:problem:invalid-request', status: 400 });
    expect(fields(answer.body)).toEqual(places);
    expect(api.store.rows.size).toBe(0);
  });

  test('a wrong header is told together with the mistakes in the body', async () => {
    const answer = await post({ type: 'payment' }, { 'Idempotency-Key': 'a b' });
    expect(fields(answer.body)).toEqual(['Idempotency-Key', '/payload']);
    expect(api.store.rows.size).toBe(0);
  });

  test.each([
    ['text/plain', 415],
    ['application/json; charset=latin1', 415],
    ['application/x-www-form-urlencoded', 415],
    ['', 415],
  ])('Content-Type %j', async (type, status) => {
    expect((await post(JSON.stringify(A_SUBMISSION), { 'Content-Type': type })).status).toBe(status);
    expect(api.store.rows.size).toBe(0);
  });

  test('a compressed body', async () => {
    const answer = await post(JSON.stringify(A_SUBMISSION), { 'Content-Encoding': 'gzip' });
    expect(answer.status).toBe(415);
    expect(answer.headers['accept-encoding']).toBe('identity');
    expect(api.store.rows.size).toBe(0);
  });
});

test.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
  '%s is fine',
  async (type) => {
    expect((await post(JSON.stringify(A_SUBMISSION), { 'Content-Type': type })).status).toBe(202);
  },
);

describe('an Idempotency-Key', () => {
  const headers = { 'Idempotency-Key': 'k-1' };

  test('with the same body, members in any order: the same id', async () => {
    const first = await post(A_SUBMISSION, headers);
    const again = await post({ payload: A_PAYMENT, type: 'payment' }, headers);
    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(api.store.rows.size).toBe(1);
  });

  test('with another body: 422', async () => {
    await post(A_SUBMISSION, headers);
    const answer = await post({ ...A_SUBMISSION, key: 'x' }, headers);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ type: 'urn:sluice:problem:idempotency-conflict' });
    expect(api.store.rows.size).toBe(1);
  });

  test('while the first is on its way: 409 with Retry-After, whatever the body', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    api.store.beforeAccept = () => promise;
    const first = post(A_SUBMISSION, headers);
    await expect.poll(() => api.store.batches, { timeout: 10_000 }).toHaveLength(1);
    for (const body of [A_SUBMISSION, { ...A_SUBMISSION, key: 'x' }]) {
      const answer = await post(body, headers);
      expect([answer.status, answer.headers['retry-after']]).toEqual([409, '1']);
    }
    resolve();
    expect((await first).status).toBe(202);
  });

  test('a hundred times at once: one transaction, and every answer says which or to come back', async () => {
    api.store.beforeAccept = () => new Promise((resolve) => setTimeout(resolve, 20));
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(A_SUBMISSION, headers)));
    expect(api.store.rows.size).toBe(1);
    const [id] = api.store.rows.keys();
    const [accepted, others] = [answers.filter(isAccepted), answers.filter((answer) => !isAccepted(answer))];
    expect(accepted.length).toBeGreaterThan(0);
    for (const { body } of accepted) expect(body!['id']).toBe(id);
    for (const { status, headers: got } of others) expect([status, got['retry-after']]).toEqual([409, '1']);
    expect((await post(A_SUBMISSION, headers)).body!['id']).toBe(id);
  });

  test('is free again after a failure', async () => {
    api.store.acceptErrors.push(new TransientError('away'));
    expect((await post(A_SUBMISSION, headers)).status).toBe(503);
    expect((await post(A_SUBMISSION, headers)).status).toBe(202);
  });

  test.each(['', 'a b', 'ü', 'x'.repeat(256), 'a\tb'])('%j is none: 400', async (key) => {
    const answer = await post(A_SUBMISSION, { 'Idempotency-Key': Buffer.from(key).toString('latin1') });
    expect(answer.status).toBe(400);
    expect(fields(answer.body)).toEqual(['Idempotency-Key']);
  });
});

describe('overload', () => {
  test('a full queue: 503 with Retry-After, counted by reason, nothing stored', async () => {
    await api.stop();
    api = await startTestApi({
      limits: { queueMax: 3, queueWaitMaxMs: 1_000, outboxAgeMaxSeconds: 900, eventLoopDelayMaxMs: 5_000 },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    api.store.beforeAccept = () => promise;
    const answers = Array.from({ length: 30 }, () => post(A_SUBMISSION));
    await expect.poll(() => api.told, { timeout: 10_000 }).toContain('refused queue-full');
    resolve();
    const refused = (await Promise.all(answers)).filter(({ status }) => status !== 202);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, headers } of refused) {
      expect(status).toBe(503);
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(5);
    }
    expect(api.told).toContain('refused queue-full');
    expect(api.store.rows.size).toBe(30 - refused.length);
  });

  test('a database that is away: 503, and the error is not told', async () => {
    api.store.acceptErrors.push(new TransientError('password is hunter2'));
    const answer = await post(A_SUBMISSION);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBeDefined();
    expect(answer.text).not.toContain('hunter2');
    expect(api.told).toContain('error request failed');
  });

  test('an error nobody foresaw: 500, without a word of it', async () => {
    api.store.acceptErrors.push(new Error('secret'), new Error('secret'));
    const answer = await post(A_SUBMISSION);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|\.ts|at /);
  });
});

describe('no body whatsoever', () => {
  let own: TestApi;
  beforeAll(async () => void (own = await startTestApi()));
  afterAll(() => own.stop());

  const nearValid = fc.record(
    {
      type: fc.oneof(fc.constant('payment'), fc.jsonValue()),
      key: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
      payload: fc.oneof(
        fc.record({ ...mapConstants(A_PAYMENT), amount: fc.oneof(fc.integer(), fc.double()) }),
        fc.jsonValue(),
      ),
      deadline: fc.oneof(
        fc
          .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
          .map((d) => d.toISOString()),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ['type', 'payload'] },
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    nearValid.map((value) => Buffer.from(JSON.stringify(value))),
  );

  test('yields a 5xx, or a row unless it was accepted', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const before = own.store.rows.size;
        const { status, headers } = await send(own.origin, '/v1/transactions', { body });
        const stored = own.store.rows.size - before;
        const [type] = (headers['content-type'] ?? '').split(';');
        expect([
          [202, 1, 'application/json'],
          [400, 0, 'application/problem+json'],
        ]).toContainEqual([status, stored, type]);
      }),
      { numRuns: 400 },
    );
  });
});

function isAccepted({ status }: Answer): boolean {
  return status === 202;
}

function mapConstants(values: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fc.constant(value)]));
}
