import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteClient } from '../runtime/remote-client.ts';
import type { Registry } from '../transactions/registry.ts';
import type { LoadLimits } from './admission.ts';
import type { ApiLog, ApiStore } from './app.ts';
import { createApp } from './app.ts';
import { ChangeWatcher } from './change-watcher.ts';
import { createIntake } from './intake.ts';
import { LoadMonitor } from './load-monitor.ts';
import type { ApiGauges, ApiMetrics } from './metrics.ts';
import { openServer } from './server.ts';
import { createSyncGate } from './sync-gate.ts';
import { throttled } from './throttled.ts';

export interface ApiSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly limits: LoadLimits;
  readonly bulkStreamsMax: number;
  readonly syncCallsMax: number;
  /** Statements of synchronous requests under way at the same time. */
  readonly syncTurns: number;
  readonly waitersMax: number;
  /**
   * Time after the order to stop in which connections are taken and get their work done as before, but every answer
   * asks the client to close: of those in use none is then cut while a request is on its way.
   */
  readonly drainMs: number;
  /** Of the product. */
  readonly version: string;
}

export interface ApiParts {
  readonly store: ApiStore;
  readonly remote: Pick<RemoteClient, 'call'>;
  readonly registry: Registry;
  readonly metrics: ApiMetrics;
  readonly log: ApiLog;
  /** Whether an error of the store may pass by itself. */
  readonly isTransient: (error: unknown) => boolean;
}

export interface Api {
  readonly port: number;
  readonly gauges: ApiGauges;
  /** True, or why it should get no requests now. */
  ready(): true | string;
  /** Takes no new work, answers what is in flight, and empties the queue. */
  stop(): Promise<void>;
}

/** It is asked for every second: an outage of the database is told less often. */
const OUTBOX_WARNING_MS = 15_000;

/**
 * Serves the API.
 * @throws the system's error (EADDRINUSE mostly)
 */
export async function startApi(settings: ApiSettings, parts: ApiParts): Promise<Api> {
  const { store, metrics, log, isTransient } = parts;
  const stopping = new AbortController();
  let draining = false;
  const intake = createIntake({ store, metrics, isTransient, queueMax: settings.limits.queueMax });
  const gate = createSyncGate({
    turns: settings.syncTurns,
    // Requests are refused at the door when the oldest has waited half as long: only a burst gets here.
    waitMaxMs: 2 * settings.limits.queueWaitMaxMs,
  });
  const warn = throttled((fields, message) => log.warn(fields, message));
  const watchFailed = (error: unknown): void => warn({ err: error }, 'cannot look for changes');
  const watcher = new ChangeWatcher({
    versions: (ids) => store.versions(ids),
    waitersMax: settings.waitersMax,
    onError: watchFailed,
  });
  const warnOfOutbox = throttled((fields, message) => log.warn(fields, message), OUTBOX_WARNING_MS);
  const monitor = new LoadMonitor({
    queue: intake,
    syncGate: gate,
    outboxAgeSeconds: () => store.outboxAgeSeconds(),
    stopping: stopping.signal,
    onError: (error) => warnOfOutbox({ err: error }, 'cannot read the age of the outbox'),
  });
  const app = createApp({
    ...parts,
    ...settings,
    intake,
    gate,
    watcher,
    load: () => monitor.load(),
    stop: stopping.signal,
    closing: () => draining,
  });
  const server = await openServer(app, settings);

  return {
    port: server.port,
    gauges: { queued: () => intake.queued, waiters: () => watcher.waiters },
    ready: () => (draining ? 'stopping' : monitor.storeState()),
    async stop() {
      draining = true;
      await sleep(settings.drainMs);
      server.stopListening();
      stopping.abort();
      watcher.close();
      await server.close();
      while (!intake.idle) await sleep(10);
      monitor.close();
    },
  };
}
