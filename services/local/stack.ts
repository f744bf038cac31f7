import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerAdmin } from '../broker/port.ts';
import { migrate } from '../store/migrate.ts';
import { seedAccounts } from '../store/seed.ts';
import { Registry } from '../transactions/registry.ts';
import type { LocalConfig } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { dataDirectory } from './data-directory.ts';
import { writeEnvFile } from './env-file.ts';
import { PortAllocator } from './free-port.ts';
import type { LocalPorts } from './local-ports.ts';
import { choosePorts } from './local-ports.ts';
import type { LocalKafka } from './kafka/kafka.ts';
import { KAFKA_STOP, createKafka } from './kafka/kafka.ts';
import type { Lock } from './lock.ts';
import { acquireLock } from './lock.ts';
import { writeKafkaConnection } from './operator/kafka-connection.ts';
import { writeScalerFiles } from './operator/scaler-files.ts';
import type { LocalPostgres } from './postgres/postgres.ts';
import { POSTGRES_STOP, createPostgres } from './postgres/postgres.ts';
import { ensureDatabase } from './postgres/session.ts';
import { provisionTopics } from './provision.ts';
import type { Replicas, Roles } from './roles.ts';
import { roles } from './roles.ts';
import type { Steps } from './steps.ts';
import type { SupervisorServer } from './supervisor/http.ts';
import { openSupervisorServer } from './supervisor/http.ts';
import type { LeftoverOptions } from './supervisor/leftovers.ts';
import { endLeftovers } from './supervisor/leftovers.ts';
import type { Crash, ManagedProcess } from './supervisor/managed-process.ts';
import type { StageDefinition } from './supervisor/supervisor.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { wipe } from './wipe.ts';

export interface StackOptions {
  readonly config: LocalConfig;
  /** Passed on to every service. */
  readonly env: NodeJS.ProcessEnv;
  readonly replicas: Replicas;
  /** Run the operator, which sets the replicas of the other stages. Default: no. */
  readonly operator?: boolean;
  /** File for what the operator observes; absolute. */
  readonly record?: string | undefined;
  readonly remoteLatencyMs: number;
  /** Demo accounts to have in the database. */
  readonly accounts: number;
  /** Forget everything that earlier runs have stored. */
  readonly fresh: boolean;
  readonly steps: Steps;
  readonly createAdmin: (brokers: readonly string[]) => BrokerAdmin;
  readonly onCrash?: (crash: Crash) => void;
  /** Aborted: give up starting. */
  readonly signal?: AbortSignal;
}

export interface Endpoints {
  readonly apiUrl: string;
  readonly remoteUrl: string;
  readonly supervisorUrl: string;
  /** Of `GET /scalers`; undefined without an operator. */
  readonly operatorUrl: string | undefined;
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
}

const DATABASE = 'sluice';
const SIMULATOR = 'remote-simulator';
const READY_TIMEOUT_MS = 60_000;

/** Kafka, Postgres and every service on this machine: started together, stopped in order. */
export class Stack {
  readonly data: DataDirectory;
  readonly supervisor: Supervisor;
  /** Undefined where the user's own is used. */
  kafka: LocalKafka | undefined;
  postgres: LocalPostgres | undefined;
  private readonly options: StackOptions;
  private readonly allocator = new PortAllocator();
  private ports!: LocalPorts;
  private databaseUrl = '';
  private brokers: readonly string[] = [];
  private openAdmin: BrokerAdmin | undefined;
  private lock: Lock | undefined;
  private server: SupervisorServer | undefined;

  constructor(options: StackOptions) {
    this.options = options;
    this.data = dataDirectory(options.config.dataDir);
    const { onCrash } = options;
    this.supervisor = new Supervisor({
      data: this.data,
      ports: this.allocator,
      ...(onCrash ? { onCrash } : {}),
    });
  }

  get endpoints(): Endpoints {
    const { API_PORT, SIMULATOR_PORT, SUPERVISOR_PORT, OPERATOR_PORT } = this.ports;
    return {
      apiUrl: `http://127.0.0.1:${API_PORT}`,
      remoteUrl: `http://127.0.0.1:${SIMULATOR_PORT}`,
      supervisorUrl: `http://127.0.0.1:${SUPERVISOR_PORT}`,
      operatorUrl: this.options.operator ? `http://127.0.0.1:${OPERATOR_PORT}` : undefined,
      databaseUrl: this.databaseUrl,
      brokers: this.brokers,
    };
  }

  get admin(): BrokerAdmin {
    this.openAdmin ??= this.options.createAdmin(this.brokers);
    return this.openAdmin;
  }

  /**
   * Resolves when everything is ready. When something fails, what had been started is stopped again.
   * @throws LockedError, PortInUseError, KafkaUnavailableError, PostgresUnavailableError
   */
  async start(): Promise<void> {
    try {
      await this.prepare();
      const settled = await Promise.allSettled([this.startDatabase(), this.startBroker()]);
      for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
      await this.startServices();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Services first, then what they depend on. */
  async stop(): Promise<void> {
    this.server?.close();
    const names = this.supervisor.names();
    await this.supervisor.stop(names.filter((name) => name !== SIMULATOR));
    await this.supervisor.stop(names);
    await this.openAdmin?.disconnect().catch(() => {});
    await Promise.all([this.kafka?.process.stop(), this.postgres?.process.stop()]);
    await this.allocator.releaseAll();
    if (!this.lock) return;
    await rm(this.data.envFile, { force: true });
    await this.lock.release();
  }

  /** Removes everything that a stopped stack has stored, wherever it lies: for stacks that are to leave no trace. */
  async remove(): Promise<void> {
    await wipe(this.data, this.options.env);
    await rm(this.data.path, { recursive: true, force: true });
  }

  /** Everything that runs, by name: kafka, postgres, api-1, relay-1, validate-1 … */
  processes(): Map<string, ManagedProcess> {
    const servers = [this.kafka?.process, this.postgres?.process].filter((process) => process !== undefined);
    return new Map([
      ...servers.map((process) => [process.name, process] as const),
      ...this.supervisor.processes(),
    ]);
  }

  private async prepare(): Promise<void> {
    const { config, env, fresh, operator = false, replicas } = this.options;
    await mkdir(this.data.path, { recursive: true, mode: 0o755 });
    this.lock = await acquireLock(this.data.lockFile);
    // Before ports are chosen: what is left of a killed run holds some of them.
    await endLeftovers(this.data.pidDir, leftoverOptions);
    if (fresh) await wipe(this.data, env);
    this.ports = await choosePorts(config, this.allocator, operator);
    this.brokers = config.brokers ?? [`127.0.0.1:${this.ports.KAFKA_PORT}`];
    if (!operator) return;
    if (config.security) await writeKafkaConnection(this.operatorConfig, this.brokers, config.security);
    const types = Registry.parse(config.types.split(',')).types;
    await writeScalerFiles({
      directory: this.scalersDir,
      topicPrefix: config.topicPrefix,
      orders: [...new Set(types.map(({ order }) => order))],
      fixed: Object.keys(replicas),
    });
  }

  private async startDatabase(): Promise<void> {
    const { config, accounts, steps } = this.options;
    if (config.databaseUrl) this.databaseUrl = config.databaseUrl;
    else
      await steps.run(
        'Postgres',
        () => this.startPostgres(),
        () => `127.0.0.1:${this.ports.POSTGRES_PORT}`,
      );
    const prepared = (applied: string[]) => `${applied.length} migrations applied, ${accounts} demo accounts`;
    const prepare = async () => {
      const applied = await migrate(this.databaseUrl);
      await seedAccounts(this.databaseUrl, accounts);
      return applied;
    };
    await steps.run('database', prepare, prepared);
    await this.add(this.roles().first);
  }

  private async startPostgres(): Promise<void> {
    const { env } = this.options;
    this.postgres = await createPostgres({
      data: this.data,
      port: this.ports.POSTGRES_PORT,
      env,
      ...this.watch(),
    });
    await this.bringUp(this.postgres.process);
    await ensureDatabase(this.postgres.url('postgres'), DATABASE);
    this.databaseUrl = this.postgres.url(DATABASE);
  }

  private async startBroker(): Promise<void> {
    const { config, steps } = this.options;
    if (!config.brokers) {
      const started = () => `${this.brokers[0]}, ${this.kafka!.runtime}`;
      await steps.run('Kafka', (progress) => this.startKafka(progress), started);
    }
    const provision = () => provisionTopics(this.admin, config.topicPrefix, config.partitions);
    await steps.run('topics', provision, (created) => `${created} created`);
  }

  private async startKafka(onProgress: (text: string) => void): Promise<void> {
    const { config, env, createAdmin, signal } = this.options;
    const { KAFKA_PORT: port, controller: controllerPort } = this.ports;
    this.kafka = await createKafka({
      data: this.data,
      cacheDir: config.cacheDir,
      port,
      controllerPort,
      env,
      createAdmin,
      onProgress,
      ...(signal ? { signal } : {}),
      ...this.watch(),
    });
    await this.bringUp(this.kafka.process);
  }

  private async startServices(): Promise<void> {
    const { steps, config, env } = this.options;
    const { first, second } = this.roles();
    const count = [...first, ...second].reduce((sum, { replicas }) => sum + replicas, 0);
    const start = async () => {
      // The operator asks it from its first look on.
      this.server = await openSupervisorServer(this.supervisor, this.ports.SUPERVISOR_PORT);
      await this.add(second);
      await Promise.all(
        this.supervisor.names().map((name) => this.supervisor.whenReady(name, READY_TIMEOUT_MS)),
      );
    };
    await steps.run('services', start, () => `${count} processes ready`);
    await writeEnvFile(this.data.envFile, this.endpoints, { config, env });
  }

  private async add(definitions: readonly StageDefinition[]): Promise<void> {
    await Promise.all(definitions.map((definition) => this.supervisor.add(definition)));
  }

  private async bringUp(process: ManagedProcess): Promise<void> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    await process.start();
    await process.whenReady(READY_TIMEOUT_MS, signal);
  }

  private roles(): Roles {
    const { config, env, replicas, remoteLatencyMs, operator, record } = this.options;
    const { supervisorUrl } = this.endpoints;
    return roles({
      brokers: this.brokers,
      databaseUrl: this.databaseUrl,
      topicPrefix: config.topicPrefix,
      partitions: config.partitions,
      types: config.types,
      apiPort: this.ports.API_PORT,
      simulatorPort: this.ports.SIMULATOR_PORT,
      remoteLatencyMs,
      dataDir: this.data.path,
      replicas,
      operator: operator
        ? {
            scalersDir: this.scalersDir,
            supervisorUrl,
            statusPort: this.ports.OPERATOR_PORT,
            record,
            config: config.security && this.operatorConfig,
          }
        : undefined,
      env,
    });
  }

  private get operatorConfig(): string {
    return join(this.data.path, 'operator.yaml');
  }

  private get scalersDir(): string {
    return join(this.data.path, 'scalers');
  }

  private watch(): { onCrash?: (crash: Crash) => void } {
    const { onCrash } = this.options;
    return onCrash ? { onCrash } : {};
  }
}

function leftoverOptions(name: string): LeftoverOptions {
  if (name === 'kafka') return KAFKA_STOP;
  if (name === 'postgres') return POSTGRES_STOP;
  // Killing loses nothing: what was not committed is delivered again.
  return { stopSignal: 'SIGTERM', stopTimeoutMs: 3_000 };
}
