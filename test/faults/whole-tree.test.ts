import { spawn } from 'node:child_process';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeSharedData } from '../../services/local/postgres/postgres.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { PORT_NAMES } from '../../services/local/config.ts';
import { PortAllocator } from '../../services/local/free-port.ts';
import { until } from '../fixtures/until.ts';
import { ENVIRONMENT, LOAD as USUAL } from './fault-stack.ts';
import type { UnderTest } from './round.ts';
import { play } from './round.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const READY_MS = 90_000;

/** What a user starts: the command itself, in a session of its own. */
class Command implements UnderTest {
  endpoints = { apiUrl: '', remoteUrl: '', databaseUrl: '' };
  private readonly dataDir: string;
  private readonly env: NodeJS.ProcessEnv;
  private pid = 0;
  private pool: pg.Pool | undefined;
  private output = '';

  constructor(dataDir: string, ports: Readonly<Record<string, string>>) {
    this.dataDir = dataDir;
    const ours = { KAFKA_BROKERS: '', DATABASE_URL: '', NODE_OPTIONS: '', SLUICE_DATA_DIR: dataDir };
    this.env = { ...process.env, ...ENVIRONMENT, ...ports, ...ours };
  }

  async start(): Promise<void> {
    const startedMs = Date.now();
    const child = spawn(
      process.execPath,
      [join(ROOT, 'bin/sluice.mjs'), 'local', '--no-demo', '--remote-latency-ms', '50'],
      { env: this.env, cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-4_000)));
    this.pid = child.pid!;
    const envFile = join(this.dataDir, 'local.env');
    const isWritten = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${this.output}`);
      const found = await stat(envFile).catch(() => undefined);
      return found !== undefined && found.mtimeMs >= startedMs;
    };
    await until('the command to be ready', isWritten, READY_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.output}`);
    });
    await this.readEndpoints(envFile);
  }

  /** The pids of everything it has started, by name. */
  async pids(): Promise<Map<string, number>> {
    const directory = join(this.dataDir, 'run');
    const names = (await readdir(directory)).filter((name) => name.endsWith('.pid'));
    const read = async (name: string): Promise<[string, number]> => {
      const { pid } = JSON.parse(await readFile(join(directory, name), 'utf8')) as { pid: number };
      return [name.slice(0, -'.pid'.length), pid];
    };
    return new Map(await Promise.all(names.map(read)));
  }

  /** The command first, so that it restarts nothing, then all it has started. */
  async killAll(): Promise<void> {
    const pids = [...(await this.pids()).values()];
    for (const pid of [this.pid, ...pids]) kill(pid, 'SIGKILL');
    for (const pid of [this.pid, ...pids]) await until(`${pid} to die`, () => !isAlive(pid), 10_000);
  }

  /** Only the command: what it has started notices, drains and ends. */
  async killSupervisor(): Promise<void> {
    const pids = [...(await this.pids()).values()];
    kill(this.pid, 'SIGKILL');
    for (const pid of pids) await until(`${pid} to end`, () => !isAlive(pid), 40_000);
  }

  async stop(): Promise<void> {
    await this.pool?.end();
    const pids = this.pid === 0 ? [] : [...(await this.pids()).values()];
    kill(this.pid, 'SIGTERM');
    await until('the command to end', () => !isAlive(this.pid), 60_000).catch(() =>
      kill(this.pid, 'SIGKILL'),
    );
    for (const pid of pids) kill(pid, 'SIGKILL');
  }

  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.pool!.query<Row>(sql, [...values]);
    return rows;
  }

  private async readEndpoints(envFile: string): Promise<void> {
    const lines = (await readFile(envFile, 'utf8')).split('\n');
    const value = (name: string): string => {
      const line = lines.find((text) => text.startsWith(`${name}=`));
      return line?.slice(name.length + 1).replace(/^(['"])(.*)\1$/, '$2') ?? '';
    };
    this.endpoints = {
      apiUrl: `http://127.0.0.1:${this.env['API_PORT']}`,
      remoteUrl: `http://127.0.0.1:${this.env['SIMULATOR_PORT']}`,
      databaseUrl: value('DATABASE_URL'),
    };
    await this.pool?.end();
    this.pool = new pg.Pool({ connectionString: this.endpoints.databaseUrl, max: 2 });
    this.pool.on('error', () => {});
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The command has to come back on the ports that the load knows. */
async function choosePorts(): Promise<Record<string, string>> {
  const allocator = new PortAllocator();
  const ports: Record<string, string> = {};
  for (const name of PORT_NAMES) ports[name] = String(await allocator.any());
  // Otherwise the command would find them reserved.
  await allocator.releaseAll();
  return ports;
}

let command: Command;
let dataDir: string;
beforeAll(async () => {
  dataDir = await temporaryDirectory();
  command = new Command(dataDir, await choosePorts());
  await command.start();
});
afterAll(async () => {
  await command?.stop();
  await removeSharedData(dataDir);
  await rm(dataDir, { recursive: true, force: true });
});

const LOAD = { ...USUAL, beforeMs: 5_000, afterMs: 5_000 };

test('everything is killed at once, Kafka, Postgres and the supervisor too: the next start recovers', async () => {
  let before: Map<string, number>;
  const { faults } = await play(command, {
    ...LOAD,
    name: 'kill -9 of everything',
    fault: async () => {
      before = await command.pids();
      expect(before.size).toBeGreaterThanOrEqual(8);
      await command.killAll();
      await sleep(1_000);
      await command.start();
      for (const [name, pid] of await command.pids())
        expect(`${name} ${pid}`).not.toBe(`${name} ${before.get(name)}`);
    },
  });
  expect(faults).toEqual([]);
});

test('the supervisor alone is killed: nothing outlives it for long, and the next start recovers', async () => {
  const { faults } = await play(command, {
    ...LOAD,
    name: 'kill -9 of the supervisor',
    fault: async () => {
      await command.killSupervisor();
      await command.start();
    },
  });
  expect(faults).toEqual([]);
});
