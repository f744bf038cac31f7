import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import { parseLocalConfig } from '../../services/local/config.ts';
import { dataDirectory } from '../../services/local/data-directory.ts';
import { createScreen } from '../../services/local/screen.ts';
import { Stack } from '../../services/local/stack.ts';
import { createSteps } from '../../services/local/steps.ts';
import type { StageView } from '../../services/local/supervisor/supervisor.ts';
import type { ProcessRef, Target } from './target.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

type Env = NodeJS.ProcessEnv;

export interface StartOptions {
  readonly env: Env;
  readonly accounts: number;
  readonly remoteLatencyMs: number;
  readonly onCrash: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * A pool for the synchronous twin that is not its limit: it uses a session for each of its three statements,
 * where the pipeline needs a few for many transactions.
 */
export const TUNING: Readonly<Record<string, string>> = {
  DATABASE_POOL_MAX: '16',
  REMOTE_CONCURRENCY: '4096',
};

/** Brings up Kafka, Postgres and all services in a directory of their own, which goes when they are stopped. */
export async function startTarget(options: StartOptions): Promise<Target> {
  const { stack, close } = await startStack(options);
  const { apiUrl, remoteUrl, databaseUrl } = stack.endpoints;
  const { accounts } = options;
  return {
    apiUrl,
    remoteUrl,
    databaseUrl,
    accounts,
    processes: () => Promise.resolve(processesOf(stack)),
    close,
  };
}

/** Kafka and Postgres without services. */
export interface Servers {
  /** For what is started on them: `startTarget` then brings up services only. */
  readonly env: Env;
  readonly databaseUrl: string;
  readonly processes: readonly ProcessRef[];
  close(): Promise<void>;
}

/** Kafka and Postgres, with topics and accounts, in a directory of their own, which goes when they are stopped. */
export async function startServers(options: StartOptions): Promise<Servers> {
  const { stack, close } = await startStack(options);
  await stack.supervisor.stop(stack.supervisor.names());
  const { databaseUrl, brokers } = stack.endpoints;
  const processes = processesOf(stack).filter(({ name }) => name === 'kafka' || name === 'postgres');
  return {
    env: { KAFKA_BROKERS: brokers.join(','), DATABASE_URL: databaseUrl },
    databaseUrl,
    processes,
    close,
  };
}

async function startStack(options: StartOptions): Promise<{ stack: Stack; close: () => Promise<void> }> {
  const { accounts, remoteLatencyMs, signal, onCrash } = options;
  const directory = await createTemporaryDirectory('load');
  const env: Env = { LOG_LEVEL: 'warn', ...TUNING, ...options.env, SLUICE_DATA_DIR: directory.path };
  const log = createLogger('load', { level: 'silent' });
  const config = parseLocalConfig(env);
  const stack = new Stack({
    config,
    env,
    replicas: {},
    remoteLatencyMs,
    accounts,
    fresh: false,
    steps: createSteps(createScreen(process.stdout)),
    createAdmin: (brokers) =>
      createAdmin({ brokers, security: config.security, clientId: 'sluice-load', log }),
    onCrash: ({ name, code, lastLines }) => onCrash(`${name} ended with ${code}: ${lastLines.join('\n')}`),
    signal,
  });
  const remove = async () => {
    await stack.remove();
    await directory.remove();
  };
  try {
    await stack.start();
  } catch (error) {
    await remove();
    throw error;
  }
  const close = async () => {
    await stack.stop();
    await remove();
  };
  return { stack, close };
}

function processesOf(stack: Stack): ProcessRef[] {
  return [...stack.processes()].flatMap(([name, { pid }]) =>
    pid === undefined ? [] : [{ name: componentOf(name), pid }],
  );
}

/** `validate` for `validate-2`. */
const componentOf = (name: string): string => name.replace(/-\d+$/, '');

/**
 * A system that runs already. Where it is, and its database, come from the environment: DATABASE_URL,
 * REMOTE_URL, and SUPERVISOR_URL where local mode runs it.
 * @throws Error naming what is missing
 */
export function useTarget(apiUrl: string, env: Env, accounts: number): Target {
  const { DATABASE_URL: databaseUrl, REMOTE_URL: remoteUrl, SUPERVISOR_URL: supervisorUrl } = env;
  if (!databaseUrl || !remoteUrl)
    throw new Error(
      '--target needs DATABASE_URL, where the exact figures come from, and REMOTE_URL, the remote simulator. ' +
        'Started beside a running `npm start`, both are read from .sluice/local.env.',
    );
  return {
    apiUrl: apiUrl.replace(/\/$/, ''),
    remoteUrl,
    databaseUrl,
    accounts,
    processes: () =>
      supervisorUrl ? supervisedBy(supervisorUrl, env['SLUICE_DATA_DIR'] ?? '.sluice') : Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

/** What local mode runs: services as its supervisor lists them, Kafka and Postgres as it has written them down. */
async function supervisedBy(supervisorUrl: string, dataDir: string): Promise<ProcessRef[]> {
  const response = await fetch(`${supervisorUrl}/stages`);
  const stages = (await response.json()) as StageView[];
  const services = stages.flatMap(({ name, processes }) => processes.map(({ pid }) => ({ name, pid })));
  const data = dataDirectory(resolve(dataDir));
  const servers = ['kafka', 'postgres'].map(async (name) => ({
    name,
    pid: await readPid(data.pidFile(name)),
  }));
  return [...services, ...(await Promise.all(servers))].filter(
    (process): process is ProcessRef => process.pid !== undefined,
  );
}

/** The first number in the file. */
async function readPid(file: string): Promise<number | undefined> {
  const digits = /\d+/.exec(await readFile(file, 'utf8').catch(() => ''));
  return digits ? Number(digits[0]) : undefined;
}
