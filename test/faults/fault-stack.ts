import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import { PORT_NAMES, parseLocalConfig } from '../../services/local/config.ts';
import { PortAllocator } from '../../services/local/free-port.ts';
import type { ManagedProcess } from '../../services/local/supervisor/managed-process.ts';
import type { Replicas } from '../../services/local/roles.ts';
import { Stack } from '../../services/local/stack.ts';
import { removeSharedData } from '../../services/local/postgres/postgres.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { ACCOUNTS } from './client.ts';

export interface FaultStackOptions {
  readonly replicas?: Replicas;
  /** Of every service, over those below. */
  readonly env?: Readonly<Record<string, string>>;
  readonly remoteLatencyMs?: number;
}

/** Both orders are always under test. */
export const TYPES = ['payment', 'payment-fan-out'] as const;

/** Patience is cut to what a round can wait for; everything else is as it ships. */
const ENVIRONMENT = {
  SLUICE_TYPES: TYPES.join(','),
  SWEEP_AFTER_SECONDS: '3',
  SWEEP_INTERVAL_MS: '1000',
  REMOTE_TIMEOUT_MS: '2000',
  REMOTE_BACKOFF_MS: '200',
  REMOTE_BACKOFF_MAX_MS: '2000',
};
const READY_MS = 60_000;

export function faultEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _brokers, DATABASE_URL: _database, NODE_OPTIONS: _options, ...rest } = process.env;
  return { ...rest, ...ENVIRONMENT, ...more };
}

/** A whole stack of its own, with handles for doing it harm. */
export class FaultStack {
  readonly stack: Stack;
  readonly dataDir: string;
  private readonly pool: pg.Pool;

  private constructor(stack: Stack, dataDir: string) {
    this.stack = stack;
    this.dataDir = dataDir;
    this.pool = new pg.Pool({ connectionString: stack.endpoints.databaseUrl, max: 2 });
    this.pool.on('error', () => {});
  }

  static async start({
    replicas = {},
    env,
    remoteLatencyMs = 50,
  }: FaultStackOptions = {}): Promise<FaultStack> {
    const dataDir = await temporaryDirectory();
    const environment = { ...faultEnvironment(env), ...(await freePorts()), SLUICE_DATA_DIR: dataDir };
    const log = createLogger('fault-test', { level: 'silent' });
    const stack = new Stack({
      config: parseLocalConfig(environment),
      env: environment,
      replicas,
      remoteLatencyMs,
      accounts: ACCOUNTS,
      fresh: false,
      steps: { run: (_title, work) => work(() => {}) },
      createAdmin: (brokers) => createAdmin({ brokers, clientId: 'fault-test', log, retry: { retries: 3 } }),
    });
    await stack.start();
    return new FaultStack(stack, dataDir);
  }

  async stop(): Promise<void> {
    await this.pool.end();
    // A process that was stopped by a test that failed would not hear SIGTERM.
    for (const process of this.stack.processes().values()) process.kill('SIGCONT');
    await this.stack.stop();
    await removeSharedData(this.dataDir);
    await rm(this.dataDir, { recursive: true, force: true });
  }

  get endpoints(): Stack['endpoints'] {
    return this.stack.endpoints;
  }

  /** By name: kafka, postgres, api-1, relay-2 … */
  process(name: string): ManagedProcess {
    const found = this.stack.processes().get(name);
    if (!found) throw new Error(`There is no process ${name}.`);
    return found;
  }

  /** Kills it as the kernel would, and resolves once another one runs and is ready in its place. */
  async killAndWait(name: string): Promise<void> {
    const process = this.process(name);
    await process.whenReady(READY_MS);
    const { pid, restarts } = process;
    process.kill('SIGKILL');
    await until(
      () => process.restarts > restarts && process.pid !== undefined,
      READY_MS,
      `${name} to restart`,
    );
    await process.whenReady(READY_MS);
    if (process.pid === pid) throw new Error(`${name} was not killed.`);
  }

  async scale(stage: string, replicas: number): Promise<void> {
    const response = await fetch(`${this.endpoints.supervisorUrl}/stages/${stage}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ replicas }),
    });
    if (!response.ok) throw new Error(`${stage} to ${replicas}: ${response.status} ${await response.text()}`);
  }

  /** Resolves when all replicas of all stages are ready. */
  async allReady(): Promise<void> {
    for (const process of this.stack.processes().values()) await process.whenReady(READY_MS);
  }

  async configureRemote(settings: Readonly<Record<string, number | string>>): Promise<void> {
    const response = await fetch(`${this.endpoints.remoteUrl}/settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });
    if (!response.ok) throw new Error(`settings: ${response.status} ${await response.text()}`);
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, [...values])).rows;
  }

  /** The sum of a metric over the replicas of a stage. */
  async metric(stage: string, name: string): Promise<number> {
    const { processes } = await this.stack.supervisor.view(stage);
    let sum = 0;
    for (const { adminPort } of processes) {
      const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`).catch(() => undefined);
      for (const line of (await response?.text())?.split('\n') ?? [])
        if (line.startsWith(name)) sum += Number(line.slice(line.lastIndexOf(' ')));
    }
    return sum;
  }
}

/** Polls a condition. @throws Error when it does not come true in time */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  what: string,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs / 1_000} s for ${what}.`);
    await sleep(50);
  }
}

/** Named, so that two stacks that start at the same moment do not both choose the usual ones. */
export async function freePorts(): Promise<Record<string, string>> {
  const allocator = new PortAllocator();
  const ports: Record<string, string> = {};
  for (const name of PORT_NAMES) ports[name] = String(await allocator.any());
  return ports;
}
