import { createRequire } from 'node:module';
import { tracingEnabled } from './registration.ts';

/** What of pg is patched, as a process has imported it. */
export interface Instrumented {
  readonly Client: { readonly prototype: { query: unknown } };
}

/** Tracing is on, but something that it needs is not patched: traces would have holes without a word. */
export class NotInstrumentedError extends Error {
  readonly code = 'not-instrumented';
}

/**
 * Makes sure that tracing, where it is on, really sees the statements of pg. Does nothing while it is off.
 * @throws NotInstrumentedError
 */
export function assertInstrumented({ Client }: Instrumented): void {
  if (!tracingEnabled() || isPatched(Client.prototype, 'query')) return;
  throw new NotInstrumentedError(
    'Tracing is on, but pg.Client.query is not instrumented. ' +
      'Start the process with `node --import otel/register.ts`, and unbundled.',
  );
}

/**
 * The same for the pg that this process has loaded by now, whoever has imported it.
 * @throws NotInstrumentedError
 */
export function assertLoadedInstrumented(): void {
  if (!tracingEnabled()) return;
  const require = createRequire(import.meta.url);
  // A CommonJS package: instrumentations patch its exports in place.
  const pg = require.cache[require.resolve('pg')]?.exports as Instrumented | undefined;
  if (pg) assertInstrumented(pg);
}

/** By the mark that instrumentations leave: their own package is not loaded here while tracing is off. */
function isPatched(target: object, method: string): boolean {
  const value: unknown = Reflect.get(target, method);
  return typeof value === 'function' && Reflect.get(value, '__wrapped') === true;
}
