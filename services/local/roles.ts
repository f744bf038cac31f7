import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Stage } from '../domain/stages.ts';
import { STAGES } from '../domain/stages.ts';
import type { ProcessSpec } from './supervisor/spawn-detached.ts';
import type { StageDefinition } from './supervisor/supervisor.ts';

/** Processes that can be more than one. */
export const SCALABLE = ['relay', ...STAGES] as const;
export type Scalable = (typeof SCALABLE)[number];
export type Replicas = Readonly<Partial<Record<Scalable, number>>>;

export interface RoleOptions {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  readonly partitions: number;
  readonly types: string;
  readonly apiPort: number;
  readonly simulatorPort: number;
  readonly remoteLatencyMs: number;
  /** Where the simulator keeps its ledger. */
  readonly dataDir: string;
  readonly replicas: Replicas;
  /** Undefined: no operator. */
  readonly operator: OperatorRole | undefined;
  /** Environment of every process, with what the user has set in it. */
  readonly env: NodeJS.ProcessEnv;
}

export interface OperatorRole {
  /** Holds the StageScalers. */
  readonly scalersDir: string;
  readonly supervisorUrl: string;
  readonly statusPort: number;
  /** File for what it observes; absolute. */
  readonly record: string | undefined;
  /** File with the connection to Kafka; undefined: in the clear, to `brokers`. */
  readonly config: string | undefined;
}

export interface Roles {
  /** Need the database, but no broker. */
  readonly first: readonly StageDefinition[];
  /** Need the topics. */
  readonly second: readonly StageDefinition[];
}

const ROOT = dirname(dirname(import.meta.dirname));

/** Every process of the pipeline on one machine. */
export function roles(options: RoleOptions): Roles {
  const { replicas } = options;
  const env = sharedEnv(options);
  const role = (
    name: string,
    count: number,
    extra: NodeJS.ProcessEnv = {},
    args: readonly string[] = [],
  ): StageDefinition => ({
    name,
    replicas: count,
    scalable: (SCALABLE as readonly string[]).includes(name),
    spec: (adminPort) => nodeProcess(name, { ...env, ...extra, ADMIN_PORT: String(adminPort) }, args),
  });
  const { operator } = options;
  return {
    first: [
      role('remote-simulator', 1, {
        SIMULATOR_HOST: '127.0.0.1',
        SIMULATOR_PORT: String(options.simulatorPort),
        SIMULATOR_LATENCY_MS: String(options.remoteLatencyMs),
        LEDGER_FILE: join(options.dataDir, 'remote-ledger.jsonl'),
      }),
      role('api', 1, { API_HOST: '127.0.0.1', API_PORT: String(options.apiPort) }),
    ],
    second: [
      role('relay', replicas.relay ?? 1),
      ...STAGES.map((stage) => role(stage, replicas[stage] ?? 1, stageEnv(stage, options))),
      ...(operator ? [role('operator', 1, {}, operatorArgs(operator))] : []),
    ],
  };
}

/**
 * Calls in flight of one remote process: some 900 a second at a latency of 450 ms, so that a load step on one
 * machine needs more than one. Without the operator there is one, which has to take everything.
 */
const REMOTE_CONCURRENCY = '400';

function stageEnv(stage: Stage, { operator, env }: RoleOptions): NodeJS.ProcessEnv {
  if (stage !== 'remote' || !operator) return { STAGE: stage };
  return { STAGE: stage, REMOTE_CONCURRENCY: env['REMOTE_CONCURRENCY'] ?? REMOTE_CONCURRENCY };
}

function operatorArgs({ scalersDir, supervisorUrl, statusPort, record, config }: OperatorRole): string[] {
  const recording = record === undefined ? [] : ['--record', record];
  const connection = config === undefined ? [] : ['--config', config];
  return [
    '--scalers',
    scalersDir,
    '--supervisor',
    supervisorUrl,
    '--status-port',
    String(statusPort),
    ...recording,
    ...connection,
  ];
}

function sharedEnv(options: RoleOptions): NodeJS.ProcessEnv {
  return {
    // What Node has made of the sources: the next start is quicker, and needs 30 MB less a process.
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'sluice'),
    // A call is given up long after the simulator would have answered.
    REMOTE_TIMEOUT_MS: String(Math.max(5_000, 4 * options.remoteLatencyMs)),
    ...options.env,
    REMOTE_URL: `http://127.0.0.1:${options.simulatorPort}`,
    KAFKA_BROKERS: options.brokers.join(','),
    DATABASE_URL: options.databaseUrl,
    SLUICE_TOPIC_PREFIX: options.topicPrefix,
    SLUICE_PARTITIONS: String(options.partitions),
    SLUICE_TYPES: options.types,
    ADMIN_HOST: '127.0.0.1',
  };
}

function mainOf(role: string): string {
  if (role === 'operator') return join(ROOT, 'operator', 'main.ts');
  const folder = (STAGES as readonly string[]).includes(role) ? 'stages' : role;
  return join(ROOT, 'services', folder, 'main.ts');
}

/**
 * How much of the young generation V8 may keep, in MB, and how fast the old one may grow, in per cent: bulk streams make
 * garbage faster than V8 by itself takes it away (315 MB without, 150 MB with). Stages have V8's own 16 MB, with 4 MB they
 * used a sixth more of the processor; so that an idle one does not keep what its start has left there, they
 * collect it when they have started.
 */
const NODE_FLAGS: Readonly<Record<string, readonly string[]>> = {
  api: ['--expose-gc', '--max-semi-space-size=4', '--heap-growing-percent=20'],
  relay: ['--expose-gc'],
  validate: ['--expose-gc'],
  remote: ['--expose-gc'],
  persist: ['--expose-gc'],
  operator: ['--expose-gc', '--max-semi-space-size=4'],
};

/**
 * What has been accepted is finished before more is accepted: on a machine that all processes share, eager
 * clients would otherwise take the stages' share of the processor, and pile up what they wait for.
 */
const NICENESS: Readonly<Record<string, number>> = { api: 5 };

/** Run by this very Node; tracing is registered before anything else is loaded. */
function nodeProcess(role: string, env: NodeJS.ProcessEnv, roleArgs: readonly string[]): ProcessSpec {
  const preload = [join(import.meta.dirname, 'parent-watch.ts'), join(ROOT, 'otel', 'register.ts')];
  const imports = preload.flatMap((file) => ['--import', pathToFileURL(file).href]);
  const args = [...(NODE_FLAGS[role] ?? []), ...imports, mainOf(role), ...roleArgs];
  return { command: process.execPath, args, env, cwd: ROOT, niceness: NICENESS[role] };
}
