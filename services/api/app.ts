import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import Koa from 'koa';
import type { RemoteClient } from '../runtime/remote-client.ts';
import type { AcceptStore, QueryStore, StageStore } from '../store/port.ts';
import type { Registry } from '../transactions/registry.ts';
import type { Load, LoadLimits } from './admission.ts';
import type { ChangeWatcher } from './change-watcher.ts';
import { createInFlightKeys } from './idempotency.ts';
import type { Intake } from './intake.ts';
import type { ApiMetrics } from './metrics.ts';
import { koaAdmission } from './middleware/koa-admission.ts';
import { koaNoRoute } from './middleware/koa-no-route.ts';
import { koaProblems } from './middleware/koa-problems.ts';
import { inTrace, koaTracing } from './middleware/koa-tracing.ts';
import type { DocumentedRoute } from './openapi.ts';
import { openApiDocument } from './openapi.ts';
import { createOperations } from './operations.ts';
import { bulk } from './routes/bulk.ts';
import { getOpenApi, getTypes } from './routes/describe.ts';
import { getDocs, getDocsFile } from './routes/docs.ts';
import { getHistory, getTransaction } from './routes/get-transaction.ts';
import { listTransactions } from './routes/list-transactions.ts';
import { submitSync } from './routes/submit-sync.ts';
import { submit } from './routes/submit.ts';
import { createSubmissionParser } from './submission.ts';
import type { SyncGate } from './sync-gate.ts';
import { createTurns } from './turns.ts';
import { createValidation } from './validation.ts';

export type ApiStore = AcceptStore & QueryStore & Pick<StageStore, 'applyChain' | 'query'>;

export interface ApiLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface AppOptions {
  readonly store: ApiStore;
  readonly registry: Registry;
  readonly remote: Pick<RemoteClient, 'call'>;
  readonly intake: Intake;
  readonly gate: SyncGate;
  readonly watcher: ChangeWatcher;
  readonly metrics: ApiMetrics;
  readonly log: ApiLog;
  readonly load: () => Load;
  readonly limits: LoadLimits;
  readonly bulkStreamsMax: number;
  readonly syncCallsMax: number;
  /** Whether an error of the store may pass by itself. */
  readonly isTransient: (error: unknown) => boolean;
  /** Aborted when the server stops. */
  readonly stop: AbortSignal;
  /** True when connections are to be closed after the next answer. */
  readonly closing: () => boolean;
  /** Of the product, for the OpenAPI document. */
  readonly version: string;
}

interface Route extends DocumentedRoute {
  readonly handler: Middleware;
}

/**
 * Commits of all bulk streams together that may be under way: alone, as many as are of use; beside single
 * submissions one, so that these find a connection and half of the database. While a single one waits longer
 * than this for its commit, none is begun.
 */
const BULK_COMMITS = { alone: 2, besideOthers: 1, deferAfterMs: 10 };

/** The API as a Koa application. */
export function createApp(options: AppOptions): Koa {
  const { log, metrics, load, limits, isTransient, closing } = options;
  const app = new Koa({ proxy: false });
  app.on('error', (error: unknown) => log.debug({ err: error }, 'connection broke'));
  app.use(koaTracing());
  app.use(koaProblems({ isTransient, log, metrics, closing }));
  app.use(koaAdmission({ load, limits, metrics }));
  app.use(createRouter(options).routes());
  app.use(koaNoRoute());
  return app;
}

function createRouter(options: AppOptions): Router {
  const router = new Router({ sensitive: true, strict: true });
  const routes = createRoutes(options);
  const document = openApiDocument(routes, options.registry, options.version);
  for (const { method, path, handler } of routes) router[method](path, handler);
  router.get('/openapi.json', getOpenApi(document));
  return router;
}

/** In order of matching. */
function createRoutes(options: AppOptions): Route[] {
  const { store, registry, intake, log } = options;
  const operations = createOperations(registry);
  const parser = createSubmissionParser(registry, createValidation());
  const inFlight = createInFlightKeys();
  const turns = createTurns({
    max: () => (intake.busy ? BULK_COMMITS.besideOthers : BULK_COMMITS.alone),
    defer: () => intake.oldestWaitMs() > BULK_COMMITS.deferAfterMs,
  });
  const submitBulk = bulk({
    ...options,
    parser,
    turns,
    streamsMax: options.bulkStreamsMax,
    onError: (error) => log.warn({ err: error }, 'bulk chunk failed'),
  });
  const single = submit({ intake, inFlight, parser });
  const sync = submitSync({ ...options, parser, inFlight, callsMax: options.syncCallsMax });
  const list = listTransactions({ store, typeNames: registry.types.map((type) => type.name) });
  const one = getTransaction(options);
  const history = getHistory({ store });
  return [
    // Not in its trace: its statement serves others too, and is a batch.
    route('post', '/v1/transactions', single, operations.submit),
    route('get', '/v1/transactions', inTrace(list), operations.list),
    route('post', '/v1/transactions/bulk', inTrace(submitBulk), operations.submitBulk),
    route('get', '/v1/transactions/:id', inTrace(one), operations.getTransaction),
    route('get', '/v1/transactions/:id/history', inTrace(history), operations.getHistory),
    route('post', '/v1/sync/transactions', inTrace(sync), operations.submitSync),
    route('get', '/v1/types', getTypes(registry), operations.getTypes),
    route('get', '/docs', getDocs()),
    route('get', '/docs/:file', getDocsFile()),
    route('get', '/', (ctx) => ctx.redirect('/docs')),
  ];
}

function route(
  method: Route['method'],
  path: string,
  handler: Middleware,
  operation?: DocumentedRoute['operation'],
): Route {
  return { method, path, handler, operation };
}
