import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestApi } from './api-fixture.ts';
import { A_PAYMENT, A_SUBMISSION, TransientError, answered, send, startTestApi } from './api-fixture.ts';

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.stop());

const post = (body: object, headers: Record<string, string> = {}) =>
  send(api.origin, '/v1/sync/transactions', { body, headers });
const eventsOf = (id: unknown) =>
  api.store.rows.get(String(id))!.events.map(({ event, stage }) => `${stage}:${event}`);

/** A remote that has been called, but does not answer yet. */
function holdRemote() {
  const call = Promise.withResolvers<void>();
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof answered>>();
  api.remote = () => {
    call.resolve();
    return promise;
  };
  return { called: call.promise, resolve };
}

describe.each(['payment', 'payment-fan-out'])('%s, in one request', (type) => {
  test('done: every event, nothing in the outbox', async () => {
    const answer = await post({ type, payload: A_PAYMENT });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ state: 'done', result: { reference: expect.any(String) as string } });
    const id = answer.body!['id'];
    expect(answer.headers.location).toBe(`/v1/transactions/${String(id)}`);
    expect(eventsOf(id)).toEqual(['sync:new', 'sync:validated', 'sync:remote-responded', 'sync:done']);
    expect(api.store.outbox).toEqual([]);
  });

  test('rejected by the database check: 422 with the reasons, stored, the remote not called', async () => {
    api.remote = () => Promise.reject(new Error('must not be called'));
    const answer = await post({ type, payload: { ...A_PAYMENT, debtor: 'ACC-NONE' } });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      type: 'urn:sluice:problem:rejected',
      state: 'rejected',
      reasons: [{ code: 'account-unknown', field: '/debtor' }],
    });
    expect(api.store.rows.get(String(answer.body!['id']))!.row.state).toBe('rejected');
    expect(api.store.outbox).toEqual([]);
  });

  test('declined by the remote: 422, failed', async () => {
    api.remote = async () => answered(409, { detail: 'No cover.' });
    const answer = await post({ type, payload: A_PAYMENT });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ state: 'failed', reasons: [{ message: 'No cover.' }] });
    expect(api.store.rows.get(String(answer.body!['id']))!.row.state).toBe('failed');
  });

  test('remote not reached: 502, failed, nothing to undo', async () => {
    api.remote = async () => ({ kind: 'refused', message: 'The remote answered 503.', calls: 2 });
    const answer = await post({ type, payload: A_PAYMENT });
    expect(answer.status).toBe(502);
    expect(answer.body).toMatchObject({
      state: 'failed',
      reasons: [{ message: 'The remote answered 503.' }],
    });
    expect(api.store.outbox).toEqual([]);
  });

  test.each([
    ['a time-out', async () => ({ kind: 'unknown', message: 'late', calls: 2 }) as const],
    ['an answer that is none', async () => answered(200, { nonsense: true })],
  ])('%s: 504, and the pipeline is told to undo it', async (_name, remote) => {
    api.remote = remote;
    const answer = await post({ type, payload: A_PAYMENT });
    expect(answer.status).toBe(504);
    const id = String(answer.body!['id']);
    expect(answer.body).toMatchObject({ state: 'compensating' });
    expect(eventsOf(id)).toEqual(['sync:new', 'sync:validated', 'sync:compensation-requested']);
    expect(api.store.outbox).toEqual([id]);
  });
});

describe('an Idempotency-Key', () => {
  const headers = { 'Idempotency-Key': 'k-1' };

  test('gets the stored result again, without another call', async () => {
    const first = await post(A_SUBMISSION, headers);
    api.remote = () => Promise.reject(new Error('must not be called'));
    const again = await post(A_SUBMISSION, headers);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('gets the stored refusal again', async () => {
    const rejected = { type: 'payment', payload: { ...A_PAYMENT, debtor: 'ACC-NONE' } };
    const first = await post(rejected, headers);
    const again = await post(rejected, headers);
    expect(again.status).toBe(422);
    expect(again.body).toMatchObject({ id: first.body!['id'], reasons: first.body!['reasons'] });
  });

  test('with another body: 422', async () => {
    await post(A_SUBMISSION, headers);
    expect((await post({ ...A_SUBMISSION, key: 'other' }, headers)).status).toBe(422);
  });

  test('while the first is on its way: 409 with Retry-After', async () => {
    const { called, resolve } = holdRemote();
    const first = post(A_SUBMISSION, headers);
    await called;
    const second = await post(A_SUBMISSION, headers);
    expect(second.status).toBe(409);
    expect(second.headers['retry-after']).toBe('1');
    resolve(answered(200, { reference: 'R' }));
    expect((await first).status).toBe(200);
  });
});

describe('when the database fails half-way', () => {
  test('the answer names the transaction, which the pipeline will finish', async () => {
    api.store.applyChain = () => Promise.reject(new TransientError('gone'));
    const answer = await post(A_SUBMISSION);
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ state: 'accepted', id: expect.any(String) as string });
  });

  test('a transaction that the pipeline has finished meanwhile is answered as it stands', async () => {
    api.remote = async (id) => {
      api.store.move(id, 'validated');
      api.store.move(id, 'remote-responded', { response: { reference: 'theirs' } });
      api.store.move(id, 'done', { result: { reference: 'theirs' } });
      return answered(200, { reference: 'ours' });
    };
    const answer = await post(A_SUBMISSION);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ state: 'done', result: { reference: 'theirs' } });
  });
});

test('requests worked on at the same time are bounded', async () => {
  await api.stop();
  api = await startTestApi({ syncCallsMax: 1 });
  const { called, resolve } = holdRemote();
  const first = post(A_SUBMISSION);
  await called;
  const second = await post(A_SUBMISSION);
  expect(second.status).toBe(503);
  expect(second.body).toMatchObject({ reason: 'sync-calls' });
  expect(api.told).toContain('refused sync-calls');
  resolve(answered(200, { reference: 'R' }));
  expect((await first).status).toBe(200);
});

describe('more than the database has time for', () => {
  test('is refused in time, with nothing stored; later ones at the door', async () => {
    await api.stop();
    const limits = {
      queueMax: 10,
      queueWaitMaxMs: 100,
      outboxAgeMaxSeconds: 900,
      eventLoopDelayMaxMs: 5_000,
    };
    api = await startTestApi({ syncTurns: 1, limits });
    const { promise: database, resolve: proceed } = Promise.withResolvers<void>();
    api.store.beforeAccept = () => database;
    const first = post(A_SUBMISSION);
    await expect.poll(() => api.store.batches.length).toBe(1);
    const second = post(A_SUBMISSION);
    const refused = await second;
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toMatch(/^[1-5]$/);
    expect(refused.body).toMatchObject({ reason: 'queue-slow' });

    const third = post(A_SUBMISSION);
    const atTheDoor = async () => (await post({ not: 'even read' })).body?.['reason'];
    await expect.poll(atTheDoor, { interval: 20 }).toBe('queue-slow');
    proceed();
    expect((await first).status).toBe(200);
    await third;
    expect(api.store.rows.size).toBe(api.store.batches.length);
    expect(api.told).toContain('refused queue-slow');
  });
});
