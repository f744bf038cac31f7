import { readFileSync } from 'node:fs';
import type { Service, ServiceContext } from '../../otel/lifecycle.ts';
import { STOP_TIMEOUT_MS, runService } from '../../otel/lifecycle.ts';
import { createLogger } from '../../otel/logger.ts';
import { createMetrics } from '../../otel/metrics.ts';
import * as config from '../config.ts';
import { createRemoteClient } from '../runtime/remote-client.ts';
import { awaitRequirements, databaseOf } from '../startup/requirements.ts';
import { createPgStore } from '../store/pg/pg-store.ts';
import { isTransient } from '../store/pg/pool.ts';
import { Registry } from '../transactions/registry.ts';
import { createApiMetrics, observeApi } from './metrics.ts';
import type { ApiSettings } from './start-api.ts';
import { startApi } from './start-api.ts';

const NAME = 'sluice-api';

function parse() {
  return config.parseConfig(
    {
      ...config.apiConfig,
      ...config.databaseConfig,
      ...config.typesConfig,
      ...config.remoteConfig,
      ...config.startConfig,
      ...config.adminConfig,
      ...config.logConfig,
    },
    process.env,
  );
}
type Settings = ReturnType<typeof parse>;

async function start(settings: Settings, registry: Registry, context: ServiceContext): Promise<Service> {
  const { log, metrics } = context;
  const calls = metrics.counter('sluice.remote.calls');
  const callDuration = metrics.histogram('sluice.remote.call.duration');
  const store = createPgStore({
    databaseUrl: settings.DATABASE_URL,
    max: settings.DATABASE_POOL_MAX,
    applicationName: NAME,
    onError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  await awaitRequirements(
    [databaseOf(store, settings.DATABASE_URL)],
    settings.START_TIMEOUT_SECONDS,
    context,
  );
  const remote = createRemoteClient({
    url: settings.REMOTE_URL,
    timeoutMs: settings.REMOTE_TIMEOUT_MS,
    concurrency: settings.REMOTE_CONCURRENCY,
    quickAttempts: settings.REMOTE_QUICK_ATTEMPTS,
    onCall(outcome, seconds) {
      calls.add(1, { outcome });
      callDuration.record(seconds, { outcome });
    },
  });
  const api = await startApi(apiSettings(settings), {
    store,
    remote,
    registry,
    metrics: createApiMetrics(metrics),
    log,
    isTransient,
  });
  observeApi(metrics, api.gauges);
  log.info({ host: settings.API_HOST, port: api.port }, `${NAME} is listening`);
  return {
    ready: () => api.ready(),
    live: () => true,
    async stop() {
      await api.stop();
      await Promise.all([remote.close(), store.close()]);
    },
  };
}

function apiSettings(settings: Settings): ApiSettings {
  return {
    host: settings.API_HOST,
    port: settings.API_PORT,
    limits: {
      queueMax: settings.API_QUEUE_MAX,
      queueWaitMaxMs: settings.API_QUEUE_MAX_WAIT_MS,
      outboxAgeMaxSeconds: settings.API_OUTBOX_AGE_MAX_SECONDS,
      eventLoopDelayMaxMs: settings.API_EVENT_LOOP_DELAY_MAX_MS,
    },
    bulkStreamsMax: settings.API_BULK_STREAMS_MAX,
    syncCallsMax: Math.min(SYNC_CALLS_MAX, settings.REMOTE_CONCURRENCY),
    syncTurns: Math.max(1, settings.DATABASE_POOL_MAX - CONNECTIONS_KEPT),
    waitersMax: settings.API_WAITERS_MAX,
    drainMs: settings.API_DRAIN_MS,
    version: productVersion(),
  };
}

/**
 * Synchronous requests hold their connection for as long as the remote takes; this many may, and no more than it
 * can be called at once: a call that only waited here would end as one that may have had its effect.
 */
const SYNC_CALLS_MAX = 4_096;
/** Database connections that synchronous requests leave to the others. */
const CONNECTIONS_KEPT = 2;

function productVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

await runService(() => {
  const settings = parse();
  const registry = Registry.parse(settings.SLUICE_TYPES);
  return {
    name: NAME,
    admin: { host: settings.ADMIN_HOST, port: settings.ADMIN_PORT },
    log: createLogger(NAME, { level: settings.LOG_LEVEL }),
    metrics: createMetrics(NAME),
    start: (context) => start(settings, registry, context),
    stopTimeoutMs: STOP_TIMEOUT_MS + settings.API_DRAIN_MS,
  };
});
