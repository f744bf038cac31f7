import { inspect } from 'node:util';
import type { AdminAddress, AdminServer } from './admin-server.ts';
import { openAdminServer } from './admin-server.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { flushTracing } from './registration.ts';
import { assertLoadedInstrumented } from './self-test.ts';

/** What a role is, once it has started. */
export interface Service {
  /** True, or why it should get no work now. Asked at each probe: must be quick. */
  ready(): true | string;
  /** True, or why it should be killed and started again. */
  live(): true | string;
  /** Finishes what is in work and closes everything; after `deadlineMs` the process ends in any case. */
  stop(deadlineMs: number): Promise<void>;
}

export interface ServiceContext {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Port of /livez, /readyz and /metrics. */
  readonly adminPort: number;
  /** Aborted when the process is told to end: whoever waits in `start` should give up. */
  readonly signal: AbortSignal;
  /** Has readiness say what the start is waiting for; undefined: for nothing any more. */
  readonly waitFor: (reason: string | undefined) => void;
  /** Ends the process with code 1: for what cannot be recovered from. */
  readonly fatal: (error: unknown) => never;
}

export interface ServiceOptions {
  readonly name: string;
  readonly admin: AdminAddress;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly start: (context: ServiceContext) => Promise<Service>;
  /** From the signal to the end at the latest. Default STOP_TIMEOUT_MS. */
  readonly stopTimeoutMs?: number;
}

/** In which a role finishes what is in work. */
export const STOP_TIMEOUT_MS = 25_000;
const NODE_MAJOR = 26;
/** Ctrl-C reaches a process twice, from the terminal and from npm, within a few ms: that is one signal. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs one role as this process, to its end: admin port, then the role, then SIGTERM or SIGINT. Exit code 0
 * after an orderly stop, 1 on what it cannot recover from, 2 on a mistake in the configuration.
 *
 * `options` may be a function, so that a ConfigError thrown while they are put together is reported as one.
 */
export async function runService(options: ServiceOptions | (() => ServiceOptions)): Promise<void> {
  try {
    assertNode(process.versions.node);
    await run(typeof options === 'function' ? options() : options);
  } catch (error) {
    process.stderr.write(`${isExpected(error) ? error.message : inspect(error)}\n`);
    process.exit(isConfigError(error) ? 2 : 1);
  }
}

/** This Node cannot run the source as it is. */
export class UnsupportedNodeError extends Error {
  readonly code = 'unsupported-node';
}

/** @throws UnsupportedNodeError where `version` is too old */
export function assertNode(version: string): void {
  if (Number.parseInt(version, 10) >= NODE_MAJOR) return;
  throw new UnsupportedNodeError(
    `Sluice needs Node ${NODE_MAJOR} or newer, but this is ${version}. Start it by \`npm start\` or \`npx sluice\`, ` +
      'which use the one that `npm ci` has installed.',
  );
}

async function run(options: ServiceOptions): Promise<void> {
  const { name, log, metrics } = options;
  const fatal = fatalBy(log);
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  let state: 'starting' | 'running' | 'stopping' = 'starting';
  let service: Service | undefined;
  let awaited: string | undefined;
  const readiness = (): true | string => {
    if (state === 'running' && service) return service.ready();
    return state === 'starting' && awaited !== undefined ? `waiting: ${awaited}` : state;
  };
  const admin = await openAdminServer(options.admin, {
    ready: readiness,
    live: () => service?.live() ?? true,
    metrics: (request, response) => metrics.handler(request, response),
  }).catch(fatal);
  log.info({ adminHost: options.admin.host, adminPort: admin.port, pid: process.pid }, `${name} is starting`);

  const stopping = new AbortController();
  const context: ServiceContext = {
    log,
    metrics,
    adminPort: admin.port,
    signal: stopping.signal,
    waitFor: (reason) => {
      awaited = reason;
    },
    fatal,
  };
  const started = (async () => options.start(context))();
  onStopSignal(log, (signal) => {
    log.info({ signal }, `${name} is stopping`);
    state = 'stopping';
    stopping.abort();
    void stop(options, started, admin, fatal);
  });
  try {
    service = await started;
    assertLoadedInstrumented();
  } catch (error) {
    // Told to end while it was starting: giving up is what it should do, and `stop` ends the process.
    if (stopping.signal.aborted) return;
    if (isConfigError(error)) throw error;
    fatal(error);
  }
  if (stopping.signal.aborted) return;
  forgetStart();
  state = 'running';
  log.info(`${name} is running`);
}

/**
 * Gives back what loading the program has left on the heap, some 20 MB, which an idle process would keep: it takes a
 * few 10 ms now, rather than later. Only where Node was started with --expose-gc.
 */
function forgetStart(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

async function stop(
  { name, log, stopTimeoutMs = STOP_TIMEOUT_MS }: ServiceOptions,
  started: Promise<Service>,
  admin: AdminServer,
  fatal: (error: unknown) => never,
): Promise<never> {
  const began = performance.now();
  setTimeout(() => fatal(new Error(`${name} did not stop within ${stopTimeoutMs} ms`)), stopTimeoutMs);
  const service = await started.catch((error: unknown) => {
    // What was waited for was broken off, as it should be: its stack says nothing.
    log.warn(isAbort(error) ? {} : { err: error }, 'start was given up');
    return undefined;
  });
  try {
    await service?.stop(stopTimeoutMs - (performance.now() - began));
  } catch (error) {
    fatal(error);
  }
  admin.close();
  await flushTracing();
  log.info({ durationMs: Math.round(performance.now() - began) }, `${name} has stopped`);
  process.exit(0);
}

/** Calls `first` at the first signal; a second one of the same kind ends the process at once. */
function onStopSignal(log: Logger, first: (signal: NodeJS.Signals) => void): void {
  let stopping = false;
  const receivedAt = new Map<NodeJS.Signals, number>();
  const receive = (signal: NodeJS.Signals) => {
    const before = receivedAt.get(signal);
    if (before === undefined) receivedAt.set(signal, performance.now());
    else if (performance.now() - before > SAME_SIGNAL_MS) {
      log.warn({ signal }, 'second signal: ending at once');
      process.exit(1);
    }
    if (stopping) return;
    stopping = true;
    first(signal);
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
}

function fatalBy(log: Logger): (error: unknown) => never {
  return (error) => {
    log.fatal({ err: error }, messageOf(error));
    process.exit(1);
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function isConfigError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'config';
}

/** Mistakes of the person who starts the process: the message says it all, a stack would hide it. */
function isExpected(error: unknown): error is Error {
  return isConfigError(error) || error instanceof UnsupportedNodeError;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error)
    return `Port ${String(error.port)} is in use: stop what listens there, or choose another port.`;
  return error.message;
}
