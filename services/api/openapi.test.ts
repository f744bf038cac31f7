import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TRANSACTION_TYPES } from '../transactions/registry.ts';
import type { Answer, TestApi } from './api-fixture.ts';
import { A_PAYMENT, A_SUBMISSION, send, startTestApi } from './api-fixture.ts';

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Record<string, Response> }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let api: TestApi;
let document: Document;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);

beforeAll(async () => {
  api = await startTestApi();
  document = JSON.parse((await send(api.origin, '/openapi.json')).text) as Document;
  ajv.addSchema({ $id: 'doc:', components: document.components });
});
afterAll(() => api.stop());

/** Mistakes of an answer against what the document says about it. */
function undocumented(path: string, method: string, answer: Answer, text = answer.text): unknown {
  const response = document.paths[path]?.[method]?.responses[answer.status];
  if (!response) return `${method} ${path} does not document ${answer.status}`;
  const [mediaType] = (answer.headers['content-type'] ?? '').split(';');
  const schema = response.content?.[mediaType!]?.schema;
  if (!schema)
    return answer.text === '' ? null : `${method} ${path} ${answer.status} does not document ${mediaType}`;
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc:#/')) as object;
  const validate = ajv.compile(absolute);
  return validate(JSON.parse(text)) ? null : validate.errors;
}

describe('the OpenAPI document', () => {
  test('is 3.1 and names every route', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/sync/transactions',
      '/v1/transactions',
      '/v1/transactions/bulk',
      '/v1/transactions/{id}',
      '/v1/transactions/{id}/history',
      '/v1/types',
    ]);
  });

  test('takes the examples of every transaction type, and no other fields', () => {
    const validate = ajv.compile({ $ref: 'doc:#/components/schemas/Submission' });
    for (const { name, example } of TRANSACTION_TYPES) {
      expect(validate({ type: name, payload: example })).toBe(true);
      expect(validate({ type: name, payload: example, foo: 1 })).toBe(false);
      expect(validate({ type: name, payload: { foo: 1 } })).toBe(false);
    }
  });
});

describe('answers are as documented', () => {
  test.each<[string, object | string, Record<string, string>]>([
    ['accepted', A_SUBMISSION, {}],
    ['invalid', { type: 'payment', foo: 1 }, {}],
    ['not JSON', '{', {}],
    ['wrong header', A_SUBMISSION, { 'Idempotency-Key': '' }],
    ['wrong media type', '{}', { 'Content-Type': 'text/plain' }],
    ['too large', ' '.repeat(70_000), {}],
  ])('POST: %s', async (_name, body, headers) => {
    for (const path of ['/v1/transactions', '/v1/sync/transactions']) {
      const answer = await send(api.origin, path, { body, headers });
      expect(undocumented(path, 'post', answer)).toBeNull();
    }
  });

  test('POST sync: rejected', async () => {
    const body = { type: 'payment', payload: { ...A_PAYMENT, debtor: 'NONE' } };
    const answer = await send(api.origin, '/v1/sync/transactions', { body });
    expect(answer.status).toBe(422);
    expect(undocumented('/v1/sync/transactions', 'post', answer)).toBeNull();
  });

  test('GET of one, its history, pages and types, in every state', async () => {
    const { body } = await send(api.origin, '/v1/transactions', { body: A_SUBMISSION });
    const id = String(body!['id']);
    const moves = [
      () => {},
      () => api.store.move(id, 'validated'),
      () => api.store.move(id, 'remote-responded', { response: { reference: 'R' } }),
      () => api.store.move(id, 'done', { result: { reference: 'R' } }),
    ];
    for (const move of moves) {
      move();
      const one = await send(api.origin, `/v1/transactions/${id}`);
      expect(undocumented('/v1/transactions/{id}', 'get', one)).toBeNull();
      const history = await send(api.origin, `/v1/transactions/${id}/history`);
      expect(undocumented('/v1/transactions/{id}/history', 'get', history)).toBeNull();
    }
    expect(undocumented('/v1/transactions', 'get', await send(api.origin, '/v1/transactions'))).toBeNull();
    expect(undocumented('/v1/types', 'get', await send(api.origin, '/v1/types'))).toBeNull();
    const wrong = await send(api.origin, '/v1/transactions?limit=x');
    expect(undocumented('/v1/transactions', 'get', wrong)).toBeNull();
  });

  test.each(['abc', '00000000-0000-7000-8000-000000000000'])('GET of %s', async (id) => {
    const answer = await send(api.origin, `/v1/transactions/${id}`);
    expect(undocumented('/v1/transactions/{id}', 'get', answer)).toBeNull();
  });

  test('every line of a bulk answer', async () => {
    const good = JSON.stringify(A_SUBMISSION);
    const headers = { 'Content-Type': 'application/x-ndjson' };
    const body = `${good}\n{"x":1}\n{\n${good}`;
    const answer = await send(api.origin, '/v1/transactions/bulk', { body, headers });
    for (const line of answer.text.trimEnd().split('\n'))
      expect(undocumented('/v1/transactions/bulk', 'post', answer, line)).toBeNull();
  });
});

describe('the page to try it on', () => {
  test('asks for nothing that is not served here, and allows nothing else', async () => {
    const page = await send(api.origin, '/docs');
    const policy = page.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/https?:|<script>/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).toHaveLength(4);
    for (const link of links) expect((await send(api.origin, link)).status).toBe(200);
  });

  test('GET / leads there', async () => {
    const { status, headers } = await send(api.origin, '/');
    expect([status, headers.location]).toEqual([302, '/docs']);
  });
});
