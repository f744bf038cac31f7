/**
 * Prepares a server before the services need it, and waits for the server itself:
 *
 *   node services/setup/main.ts migrate [--demo-accounts <count>]    DATABASE_URL
 *   node services/setup/main.ts topics                               KAFKA_BROKERS, SLUICE_TOPIC_PREFIX, SLUICE_PARTITIONS
 *
 * Exit code: 0 done, 1 not done in SETUP_TIMEOUT_SECONDS or failed, 2 a mistake in the configuration.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Logger } from '../../otel/logger.ts';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../broker/kafkajs/admin.ts';
import { topicSpecs } from '../broker/topics.ts';
import { ConfigError, brokerConfig, databaseConfig, logConfig, parseConfig } from '../config.ts';
import { prepareDatabase } from './prepare-database.ts';
import { prepareTopics } from './prepare-topics.ts';
import { waitUntilDone } from './wait-until-done.ts';

const NAME = 'sluice-setup';
const INTERVAL_MS = 1_000;
const REPEAT_MS = 15_000;

const setupConfig = {
  ...logConfig,
  SETUP_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(600),
};
const interrupt = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupt.abort());

process.exitCode = await main(process.argv.slice(2)).catch(report);

async function main(argv: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { 'demo-accounts': { type: 'string', default: '0' } },
  });
  const [step] = positionals;
  if (step === 'migrate') return await runMigrate(Number(values['demo-accounts']));
  if (step === 'topics') return await runTopics();
  throw new ConfigError(`There are migrate and topics, not ${JSON.stringify(step ?? '')}.`);
}

async function runMigrate(demoAccounts: number): Promise<number> {
  const config = parseConfig({ ...setupConfig, DATABASE_URL: databaseConfig.DATABASE_URL }, process.env);
  const log = createLogger(NAME, { level: config.LOG_LEVEL });
  const attempt = () => prepareDatabase({ databaseUrl: config.DATABASE_URL, demoAccounts });
  const applied = await patiently(attempt, config.SETUP_TIMEOUT_SECONDS, log);
  log.info({ applied, demoAccounts }, 'the database is up to date');
  return 0;
}

async function runTopics(): Promise<number> {
  const config = parseConfig({ ...setupConfig, ...brokerConfig }, process.env);
  const log = createLogger(NAME, { level: config.LOG_LEVEL });
  const silent = createLogger(NAME, { level: 'silent' });
  const admin = createAdmin({
    brokers: config.KAFKA_BROKERS,
    clientId: NAME,
    log: silent,
    retry: { retries: 1 },
  });
  try {
    const specs = topicSpecs(config.SLUICE_TOPIC_PREFIX, config.SLUICE_PARTITIONS);
    const created = await patiently(() => prepareTopics(admin, specs), config.SETUP_TIMEOUT_SECONDS, log);
    log.info({ created, topics: specs.length }, 'the topics are there');
  } finally {
    await admin.disconnect().catch(() => {});
  }
  return 0;
}

function patiently<Result>(
  attempt: () => Promise<Result>,
  timeoutSeconds: number,
  log: Logger,
): Promise<Result> {
  return waitUntilDone({
    attempt,
    timeoutMs: timeoutSeconds * 1_000,
    intervalMs: INTERVAL_MS,
    repeatMs: REPEAT_MS,
    signal: interrupt.signal,
    onWait: ({ message }, waitedMs) =>
      log.info({ waitedSeconds: Math.round(waitedMs / 1_000) }, `waiting: ${message}`),
  });
}

function report(error: unknown): number {
  if (interrupt.signal.aborted) return 1;
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  createLogger(NAME).fatal({ err: error }, error instanceof Error ? error.message : String(error));
  return 1;
}
