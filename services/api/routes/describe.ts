import type { Middleware } from 'koa';
import type { Registry } from '../../transactions/registry.ts';
import { readQuery, requireNone } from '../query-string.ts';

/** GET /v1/types: what can be submitted here, with schemas and examples. */
export function getTypes(registry: Registry): Middleware {
  const body = JSON.stringify({
    types: registry.types.map(({ name, order, payloadSchema, example }) => ({
      name,
      order,
      payloadSchema,
      example,
    })),
  });
  return function getTypes(ctx) {
    requireNone(readQuery(ctx, []).mistakes);
    ctx.type = 'application/json';
    ctx.body = body;
    return Promise.resolve();
  };
}

/** GET /openapi.json */
export function getOpenApi(document: object): Middleware {
  const body = JSON.stringify(document);
  return function getOpenApi(ctx) {
    ctx.type = 'application/json';
    ctx.body = body;
    return Promise.resolve();
  };
}
