import { createLogger } from '../../otel/logger.ts';
import type { Service, ServiceContext } from '../../otel/lifecycle.ts';
import { runService } from '../../otel/lifecycle.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { createAdmin } from '../broker/kafkajs/admin.ts';
import { isMissingTopic, isRefusedMessage } from '../broker/kafkajs/error-type.ts';
import { createProducer } from '../broker/kafkajs/producer.ts';
import { connectionOf } from '../broker/security.ts';
import { topicSpecs } from '../broker/topics.ts';
import * as config from '../config.ts';
import { awaitRequirements, databaseOf, kafkaOf } from '../startup/requirements.ts';
import { checkTopics, prepareTopics } from '../startup/topics.ts';
import type { PgStore } from '../store/pg/pg-store.ts';
import { createPgStore } from '../store/pg/pg-store.ts';
import { Registry } from '../transactions/registry.ts';
import { createRelay } from './relay.ts';
import { every } from './schedule.ts';
import { createSweeper } from './sweeper.ts';

const NAME = 'sluice-relay';
const PURGE_INTERVAL_MS = 600_000;
const BURY_INTERVAL_MS = 10_000;
const RETRY_INTERVAL_MS = 100;
/** Without a claim that went well for this long (Kafka or Postgres away) nothing is relayed. */
const STALLED_MS = 60_000;
/** A loop that has not even failed for this long hangs: a claim and its sends give up well before. */
const DEAD_MS = 120_000;

function parse() {
  return config.parseConfig(
    {
      ...config.relayConfig,
      ...config.brokerConfig,
      ...config.databaseConfig,
      ...config.typesConfig,
      ...config.startConfig,
      ...config.adminConfig,
      ...config.logConfig,
    },
    process.env,
  );
}
type Settings = ReturnType<typeof parse>;

async function start(settings: Settings, context: ServiceContext): Promise<Service> {
  const { log, metrics, signal } = context;
  const registry = Registry.parse(settings.SLUICE_TYPES);
  const connection = connectionOf(settings);
  const prefix = settings.SLUICE_TOPIC_PREFIX;
  const store = createPgStore({
    databaseUrl: settings.DATABASE_URL,
    max: Math.max(settings.DATABASE_POOL_MAX, settings.RELAY_LOOPS + 2),
    applicationName: NAME,
    onError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  const producer = createProducer({ ...connection, clientId: NAME, log, retry: { retries: 1 } });
  const admin = createAdmin({ ...connection, clientId: `${NAME}-sweeper`, log, retry: { retries: 2 } });
  const relay = createRelay({
    prefix,
    store,
    producer,
    metrics,
    log,
    isRefusedMessage,
    mend: async (error) => {
      if (!settings.SLUICE_CREATE_TOPICS || !isMissingTopic(error)) return false;
      const created = await admin.ensureTopics(topicSpecs(prefix, settings.SLUICE_PARTITIONS));
      log.warn({ created }, 'topics were missing: created them');
      return true;
    },
    loops: settings.RELAY_LOOPS,
    batchMax: settings.RELAY_BATCH_MAX,
    pollMinMs: settings.RELAY_POLL_MIN_MS,
    pollMaxMs: settings.RELAY_POLL_MAX_MS,
  });
  const sweeper = createSweeper({
    prefix,
    store,
    admin,
    metrics,
    log,
    orders: [...new Set(registry.types.map((type) => type.order))],
    afterSeconds: settings.SWEEP_AFTER_SECONDS,
    idempotencyTtlHours: settings.IDEMPOTENCY_TTL_HOURS,
  });
  metrics.gauge('sluice.outbox.age', () => store.outboxAgeSeconds());
  await awaitServers(settings, store, context);
  relay.start();
  const onError = (error: unknown): void => log.warn({ err: error }, 'sweeper failed, trying again');
  const schedules = [
    every({ intervalMs: RETRY_INTERVAL_MS, run: () => sweeper.tick(), onError, signal }),
    every({ intervalMs: settings.SWEEP_INTERVAL_MS, run: () => sweeper.sweep(), onError, signal }),
    every({ intervalMs: BURY_INTERVAL_MS, run: () => sweeper.bury(), onError, signal }),
    every({ intervalMs: PURGE_INTERVAL_MS, run: () => sweeper.purge(), onError, signal }),
  ];
  return {
    ready: () => since(relay.lastSuccessMs(), STALLED_MS, 'no claim has gone well'),
    live: () => since(relay.lastAttemptMs(), DEAD_MS, 'a loop has not ended a claim'),
    stop: async () => {
      await Promise.all([relay.stop(), ...schedules]);
      await Promise.all([producer.disconnect(), admin.disconnect(), store.close()]);
    },
  };
}

/** With leave to create topics it does so, as it does later when they are lost with the broker's disk. */
async function awaitServers(settings: Settings, store: PgStore, context: ServiceContext): Promise<void> {
  const options = {
    ...connectionOf(settings),
    clientId: NAME,
    log: context.log.child({}, { level: 'silent' }),
    retry: { retries: 1 },
  };
  const specs = topicSpecs(settings.SLUICE_TOPIC_PREFIX, settings.SLUICE_PARTITIONS);
  const topicsThere = settings.SLUICE_CREATE_TOPICS ? prepareTopics : checkTopics;
  await awaitRequirements(
    [
      databaseOf(store, settings.DATABASE_URL),
      kafkaOf(
        () => createAdmin(options),
        (admin) => topicsThere(admin, specs),
      ),
    ],
    settings.START_TIMEOUT_SECONDS,
    context,
  );
}

function since(unixMs: number, limitMs: number, what: string): true | string {
  const idleMs = Date.now() - unixMs;
  return idleMs < limitMs ? true : `${what} for ${Math.round(idleMs / 1_000)} s`;
}

await runService(() => {
  const settings = parse();
  return {
    name: NAME,
    admin: { host: settings.ADMIN_HOST, port: settings.ADMIN_PORT },
    log: createLogger(NAME, { level: settings.LOG_LEVEL }),
    metrics: createMetrics(NAME),
    start: (context) => start(settings, context),
  };
});
