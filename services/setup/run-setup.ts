import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Logger } from '../../otel/logger.ts';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../broker/kafkajs/admin.ts';
import { connectionOf } from '../broker/security.ts';
import { topicSpecs } from '../broker/topics.ts';
import { ConfigError, brokerConfig, databaseConfig, logConfig, parseConfig } from '../config.ts';
import { prepareTopics } from '../startup/topics.ts';
import { waitUntilDone } from '../startup/wait-until-done.ts';
import { prepareDatabase } from './prepare-database.ts';

const NAME = 'sluice-setup';
const INTERVAL_MS = 1_000;
const REPEAT_MS = 15_000;

const setupConfig = {
  ...logConfig,
  SETUP_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(600),
};

interface SetupContext {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Does what the arguments say; resolves to the exit code. */
export async function runSetup(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  try {
    await run(args, { env, signal });
    return 0;
  } catch (error) {
    if (signal.aborted) return 1;
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    createLogger(NAME).fatal({ err: error }, error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function run(args: readonly string[], context: SetupContext): Promise<void> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'demo-accounts': { type: 'string', default: '0' } },
  });
  const [step] = positionals;
  if (step === 'migrate') return await runMigrate(Number(values['demo-accounts']), context);
  if (step === 'topics') return await runTopics(context);
  throw new ConfigError(`There are migrate and topics, not ${JSON.stringify(step ?? '')}.`);
}

async function runMigrate(demoAccounts: number, { env, signal }: SetupContext): Promise<void> {
  const config = parseConfig({ ...setupConfig, DATABASE_URL: databaseConfig.DATABASE_URL }, env);
  const log = createLogger(NAME, { level: config.LOG_LEVEL });
  const attempt = () => prepareDatabase({ databaseUrl: config.DATABASE_URL, demoAccounts });
  const applied = await patiently(attempt, { timeoutSeconds: config.SETUP_TIMEOUT_SECONDS, log, signal });
  log.info({ applied, demoAccounts }, 'the database is up to date');
}

async function runTopics({ env, signal }: SetupContext): Promise<void> {
  const config = parseConfig({ ...setupConfig, ...brokerConfig }, env);
  const log = createLogger(NAME, { level: config.LOG_LEVEL });
  const admin = createAdmin({
    ...connectionOf(config),
    clientId: NAME,
    log: createLogger(NAME, { level: 'silent' }),
    retry: { retries: 1 },
  });
  const specs = topicSpecs(config.SLUICE_TOPIC_PREFIX, config.SLUICE_PARTITIONS);
  const attempt = () => prepareTopics(admin, specs);
  const created = await patiently(attempt, { timeoutSeconds: config.SETUP_TIMEOUT_SECONDS, log, signal });
  log.info({ created, topics: specs.length }, 'the topics are there');
  await admin.disconnect();
}

function patiently<Result>(
  attempt: () => Promise<Result>,
  { timeoutSeconds, log, signal }: { timeoutSeconds: number; log: Logger; signal: AbortSignal },
): Promise<Result> {
  return waitUntilDone({
    attempt,
    timeoutMs: timeoutSeconds * 1_000,
    intervalMs: INTERVAL_MS,
    repeatMs: REPEAT_MS,
    signal,
    onWait: ({ message }, waitedMs) =>
      log.info({ waitedSeconds: Math.round(waitedMs / 1_000) }, `waiting: ${message}`),
  });
}
