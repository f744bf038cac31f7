import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Replicas } from '../../services/local/roles.ts';
import type { Stack } from '../../services/local/stack.ts';
import type { ManagedProcess } from '../../services/local/supervisor/managed-process.ts';
import type { ProcessView } from '../../services/local/supervisor/supervisor.ts';
import type { TestStack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';
import { until } from '../fixtures/until.ts';
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
export const ENVIRONMENT = {
  SLUICE_TYPES: TYPES.join(','),
  SWEEP_AFTER_SECONDS: '3',
  SWEEP_INTERVAL_MS: '1000',
  REMOTE_TIMEOUT_MS: '2000',
  REMOTE_BACKOFF_MS: '200',
  REMOTE_BACKOFF_MAX_MS: '2000',
};
const READY_MS = 60_000;
const METRICS_MS = 1_000;

/** What most rounds play, in part or in whole. */
export const LOAD = {
  ratePerSecond: 50,
  types: TYPES,
  beforeMs: 3_000,
  afterMs: 3_000,
  settleMs: 90_000,
  minAccepted: 300,
};

/** A whole stack of its own, with handles for doing it harm. */
export class FaultStack {
  private readonly options: FaultStackOptions;
  private started: { readonly handles: TestStack; readonly pool: pg.Pool } | undefined;

  private constructor(options: FaultStackOptions) {
    this.options = options;
  }

  /** For the tests of the file that calls it: started before the first of them, stopped after the last. */
  static forThisFile(options: FaultStackOptions = {}): FaultStack {
    const stack = new FaultStack(options);
    beforeAll(() => stack.start());
    afterAll(() => stack.stop());
    return stack;
  }

  private async start(): Promise<void> {
    const { replicas = {}, env = {}, remoteLatencyMs = 50 } = this.options;
    const environment = { ...ENVIRONMENT, KAFKA_BROKERS: '', DATABASE_URL: '', NODE_OPTIONS: '', ...env };
    const handles = await startStack({ replicas, env: environment, remoteLatencyMs, accounts: ACCOUNTS });
    const pool = new pg.Pool({ connectionString: handles.endpoints.databaseUrl, max: 2 });
    pool.on('error', () => {});
    this.started = { handles, pool };
  }

  private async stop(): Promise<void> {
    if (!this.started) return;
    await this.started.pool.end();
    // A process that a failed test has left standing still would not hear SIGTERM.
    for (const process of this.stack.processes().values()) process.kill('SIGCONT');
    await this.handles.stop();
  }

  get handles(): TestStack {
    if (!this.started) throw new Error('The stack has not started.');
    return this.started.handles;
  }

  get stack(): Stack {
    return this.handles.stack;
  }

  get endpoints(): Stack['endpoints'] {
    return this.stack.endpoints;
  }

  /** By name: kafka, postgres, api-1, relay-2 … */
  process(name: string): ManagedProcess {
    return this.handles.process(name);
  }

  /** Kills it as the kernel would, and resolves once another one runs and is ready in its place. */
  async killAndWait(name: string): Promise<void> {
    const process = this.process(name);
    await process.whenReady(READY_MS);
    const { pid, restarts } = process;
    process.kill('SIGKILL');
    const restarted = () => process.restarts > restarts && process.pid !== undefined;
    await until(`${name} to be started again`, restarted, READY_MS);
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

  /** Resolves when every stage has the replicas it should have, all of them ready, and no others. */
  async allReady(): Promise<void> {
    const settled = async () =>
      (await this.stack.supervisor.list()).every(
        ({ replicas, ready, processes }) => ready === replicas && processes.length === replicas,
      );
    await until('all replicas to be ready', settled, READY_MS);
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
    return (await this.started!.pool.query<Row>(sql, [...values])).rows;
  }

  /** State, probes and last log lines of every process, and what has not ended. */
  async autopsy(): Promise<string> {
    const open = await this.query(
      `select state, count(*)::int, max(sweeps) as sweeps from transaction where outcome is null group by state`,
    ).catch(String);
    const outbox = await this.query('select count(*)::int, min(created_at) from outbox').catch(String);
    const stages = await this.stack.supervisor.list();
    const processes = await Promise.all(stages.flatMap((stage) => stage.processes).map(this.autopsyOf));
    return [JSON.stringify({ now: new Date(), open, outbox }), ...processes].join('\n');
  }

  private readonly autopsyOf = async (view: ProcessView): Promise<string> => {
    const ask = async (path: string): Promise<string> => {
      const url = `http://127.0.0.1:${view.adminPort}${path}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(METRICS_MS) });
      return `${response.status} ${(await response.text()).trim()}`;
    };
    const probes = await Promise.all(['/readyz', '/livez'].map((path) => ask(path).catch(String)));
    const lines = (await this.process(view.name).lastLines()).map((line) => `  | ${line}`);
    return [`${view.name} ${view.state}, restarts ${view.restarts}, ${probes.join(', ')}`, ...lines].join(
      '\n',
    );
  };

  /** The sum of a metric over the replicas of a stage that answer. */
  async metric(stage: string, name: string): Promise<number> {
    const { processes } = await this.stack.supervisor.view(stage);
    let sum = 0;
    for (const { adminPort } of processes) {
      const url = `http://127.0.0.1:${adminPort}/metrics`;
      const response = await fetch(url, { signal: AbortSignal.timeout(METRICS_MS) }).catch(() => undefined);
      for (const line of (await response?.text())?.split('\n') ?? [])
        if (line.startsWith(name)) sum += Number(line.slice(line.lastIndexOf(' ')));
    }
    return sum;
  }
}
