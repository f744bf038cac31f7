import type { Logger } from 'pino';
import { createLogger } from '../../otel/logger.ts';
import type { ServiceContext, Service } from '../../otel/lifecycle.ts';
import { runService } from '../../otel/lifecycle.ts';
import type { Metrics } from '../../otel/metrics.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { createAdmin } from '../broker/kafkajs/admin.ts';
import { createConsumer } from '../broker/kafkajs/consumer.ts';
import { connectionOf } from '../broker/security.ts';
import * as config from '../config.ts';
import { topicOf } from '../domain/events.ts';
import { consumedBy, groupOf } from '../domain/stages.ts';
import { LoadMeter } from '../runtime/load-meter.ts';
import { prepareFor } from '../runtime/parse-message.ts';
import { createPatience } from '../runtime/patience.ts';
import { createStageRunner } from '../runtime/stage-runner.ts';
import { awaitRequirements, databaseOf, kafkaOf } from '../startup/requirements.ts';
import { checkTopics } from '../startup/topics.ts';
import type { PgStore } from '../store/pg/pg-store.ts';
import { createPgStore } from '../store/pg/pg-store.ts';
import { isInfrastructure, isTransient } from '../store/pg/pool.ts';
import { Registry } from '../transactions/registry.ts';
import type { StageWork } from './stage-work.ts';

function parse() {
  return config.parseConfig(
    {
      ...config.stageConfig,
      ...config.brokerConfig,
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

/** Statements that may run at once in a stage: what its capacity is measured against. */
const FLUSHERS = 2;

interface WorkContext {
  readonly settings: Settings;
  readonly registry: Registry;
  readonly store: PgStore;
  readonly metrics: Metrics;
}

/** Each stage loads only what it needs: an HTTP client and its pools are no small part of a process. */
async function createWork(context: WorkContext): Promise<StageWork> {
  const { settings, registry, store } = context;
  const load = new LoadMeter(FLUSHERS);
  switch (settings.STAGE) {
    case 'validate': {
      const { createValidateStep } = await import('./validate/validate-step.ts');
      const step = createValidateStep({ registry, query: store.query, load });
      return { load, statements: load, step, close: async () => {} };
    }
    case 'persist': {
      const { createPersistStep } = await import('./persist/persist-step.ts');
      const step = createPersistStep({ registry, store });
      return { load, statements: load, step, close: async () => {} };
    }
    case 'remote': {
      const { createRemoteWork } = await import('./remote/remote-work.ts');
      return createRemoteWork(context);
    }
  }
}

async function start(settings: Settings, context: ServiceContext): Promise<Service> {
  const { log, metrics, fatal } = context;
  const { STAGE: stage, SLUICE_TOPIC_PREFIX: prefix } = settings;
  const registry = Registry.parse(settings.SLUICE_TYPES);
  const store = openStore(settings, log);
  const work = await createWork({ settings, registry, store, metrics });
  const restarts = metrics.counter('sluice.consumer.restarts');
  const group = groupOf(prefix, stage);
  const orders = [...new Set(registry.types.map((type) => type.order))];
  const events = consumedBy(stage, orders);
  const topics = events.map((event) => topicOf(prefix, event));
  const connection = { ...connectionOf(settings), clientId: `sluice-${stage}` };
  const consumer = createConsumer({
    ...connection,
    log,
    groupId: group,
    topics,
    onDead: fatal,
    onRestart: () => restarts.add(1, { stage }),
  });
  const patience = createPatience({
    isTransient,
    attempts: settings.STAGE_APPLY_ATTEMPTS,
    onRetry: (error) => log.warn({ err: error }, 'database is away, trying again'),
  });
  const runner = createStageRunner({
    stage,
    group,
    consumer,
    store,
    metrics,
    log,
    fatal,
    patience,
    isInfrastructure,
    step: work.step,
    load: work.load,
    statements: work.statements,
    window: settings.STAGE_WINDOW,
  });
  const silent = log.child({}, { level: 'silent' });
  const specs = topics.map((topic) => ({ topic, partitions: settings.SLUICE_PARTITIONS }));
  await awaitRequirements(
    [
      databaseOf(store, settings.DATABASE_URL),
      kafkaOf(
        () => createAdmin({ ...connection, log: silent, retry: { retries: 1 } }),
        (admin) => checkTopics(admin, specs),
      ),
    ],
    settings.START_TIMEOUT_SECONDS,
    context,
  );
  // As a member it makes the whole group wait; what can be done before that is.
  prepareFor(events);
  await connectAhead(store);
  await runner.start();
  return {
    ready: () => runner.ready(),
    live: () => runner.live(),
    stop: async (deadlineMs) => {
      await runner.stop(Math.max(0, deadlineMs - 5_000));
      await work.close();
      await store.close();
    },
  };
}

/** Opens the connections that the first messages would; should that fail, it is theirs to wait for them. */
async function connectAhead(store: PgStore): Promise<void> {
  await Promise.allSettled(Array.from({ length: FLUSHERS + 1 }, () => store.progress([])));
}

function openStore(settings: Settings, log: Logger): PgStore {
  return createPgStore({
    databaseUrl: settings.DATABASE_URL,
    max: settings.DATABASE_POOL_MAX,
    applicationName: `sluice-${settings.STAGE}`,
    onError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
}

await runService(() => {
  const settings = parse();
  const name = `sluice-${settings.STAGE}`;
  return {
    name,
    admin: { host: settings.ADMIN_HOST, port: settings.ADMIN_PORT },
    log: createLogger(name, { level: settings.LOG_LEVEL }),
    metrics: createMetrics(name),
    start: (context) => start(settings, context),
  };
});
