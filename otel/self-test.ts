import { createRequire } from 'node:module';
import { Server } from './node-http.ts';
import { tracingEnabled } from './registration.ts';

/** The classes that a process uses, as it has imported them. */
export interface Instrumented {
  readonly koa?: { readonly prototype: { use: unknown } };
  readonly pg?: { readonly Client: { readonly prototype: { query: unknown } } };
}

/** Tracing is on, but something that it needs is not patched: traces would have holes without a word. */
export class NotInstrumentedError extends Error {
  readonly code = 'not-instrumented';
}

/**
 * Makes sure that tracing, where it is on, really sees http, koa and pg. Does nothing while it is off.
 * @throws NotInstrumentedError that names what is not patched
 */
export function assertInstrumented({ koa, pg }: Instrumented): void {
  if (!tracingEnabled()) return;
  const missing: string[] = [];
  if (!isPatched(Server.prototype, 'emit')) missing.push('http.Server.emit');
  if (koa && !isPatched(koa.prototype, 'use')) missing.push('Koa.use');
  if (pg && !isPatched(pg.Client.prototype, 'query')) missing.push('pg.Client.query');
  if (missing.length === 0) return;
  throw new NotInstrumentedError(
    `Tracing is on, but ${missing.join(', ')} is not instrumented. ` +
      'Start the process with `node --import otel/register.ts`, and unbundled.',
  );
}

/**
 * The same for what this process has loaded by now, whoever has imported it.
 * @throws NotInstrumentedError that names what is not patched
 */
export function assertLoadedInstrumented(): void {
  if (!tracingEnabled()) return;
  const koa = loaded('koa') as Instrumented['koa'];
  const pg = loaded('pg') as Instrumented['pg'];
  assertInstrumented({ ...(koa && { koa }), ...(pg && { pg }) });
}

/** The exports of a CommonJS package, where it has been loaded: instrumentations patch them in place. */
function loaded(name: string): unknown {
  const require = createRequire(import.meta.url);
  return require.cache[require.resolve(name)]?.exports;
}

/** By the mark that instrumentations leave: their own package is not loaded here while tracing is off. */
function isPatched(target: object, method: string): boolean {
  const value: unknown = Reflect.get(target, method);
  return typeof value === 'function' && Reflect.get(value, '__wrapped') === true;
}
