import { z } from 'zod';
import { securityConfig, securityMistakes } from './broker/security.ts';
import { ConfigError } from './config-error.ts';
import { TRANSACTION_TYPES, unknownTypes } from './transactions/registry.ts';

export { ConfigError };

const integer = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be an integer')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback);
const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) => text.split(',').map((item) => item.trim()))
    .pipe(z.array(z.string().min(1, 'has an empty item')).min(1));
const port = (fallback: number) => integer(0, 65_535, fallback);

/** `host:port`, or `[address]:port` for IPv6. */
function isBroker(text: string): boolean {
  const match = /^(?:[^:\s[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[1]) <= 65_535;
}

export const brokerConfig = {
  KAFKA_BROKERS: list('127.0.0.1:9092').pipe(
    z.array(z.string().refine(isBroker, 'must be host:port, comma separated')),
  ),
  ...securityConfig,
  SLUICE_TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,60}$/, 'may hold letters, digits, dot, dash and underscore')
    .default('sluice'),
  SLUICE_PARTITIONS: integer(1, 10_000, 6),
  /** Whether the relay creates topics that are missing, as after the loss of a broker's disk. */
  SLUICE_CREATE_TOPICS: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
};

export const databaseConfig = {
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
    .default('postgres://127.0.0.1:5432/sluice'),
  DATABASE_POOL_MAX: integer(1, 200, 6),
};

export const typesConfig = {
  SLUICE_TYPES: list('payment').pipe(
    z.array(z.string()).refine((names) => unknownTypes(names, TRANSACTION_TYPES) === undefined, {
      error: ({ input }) => unknownTypes(input as string[], TRANSACTION_TYPES),
    }),
  ),
};

export const adminConfig = { ADMIN_HOST: z.string().default('127.0.0.1'), ADMIN_PORT: port(0) };

export const startConfig = {
  /** How long a process waits for what it needs (database, schema, topics) before it ends, to be started anew. */
  START_TIMEOUT_SECONDS: integer(1, 86_400, 300),
};

export const logConfig = {
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
};

/** How the remote system is called. Times in ms. */
export const remoteConfig = {
  REMOTE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .default('http://127.0.0.1:8090'),
  REMOTE_TIMEOUT_MS: integer(10, 600_000, 5_000),
  /** Calls in flight per process. */
  REMOTE_CONCURRENCY: integer(1, 20_000, 1_024),
  /** Calls made at once, a short wait apart, before a retry is scheduled in the database. */
  REMOTE_QUICK_ATTEMPTS: integer(1, 10, 2),
  /** Calls in all; after them the transaction fails, or is compensated where a call may have taken effect. */
  REMOTE_MAX_ATTEMPTS: integer(1, 1_000, 10),
  REMOTE_BACKOFF_MS: integer(1, 3_600_000, 1_000),
  REMOTE_BACKOFF_MAX_MS: integer(1, 86_400_000, 60_000),
  /** For how long it may refuse the calls of a transaction before they count as attempts; a deadline takes its place. */
  REMOTE_REFUSED_MAX_MS: integer(0, 7 * 86_400_000, 3_600_000),
};

export const apiConfig = {
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: port(8080),
  API_QUEUE_MAX: integer(1, 1_000_000, 2_000),
  API_QUEUE_MAX_WAIT_MS: integer(1, 60_000, 1_000),
  API_EVENT_LOOP_DELAY_MAX_MS: integer(1, 60_000, 500),
  API_OUTBOX_AGE_MAX_SECONDS: integer(1, 86_400 * 30, 900),
  API_BULK_STREAMS_MAX: integer(1, 1_000, 4),
  API_WAITERS_MAX: integer(1, 1_000_000, 10_000),
  /** Behind a proxy, longer than it takes to hear that this process gets no more. */
  API_DRAIN_MS: integer(0, 600_000, 250),
};

export const stageConfig = {
  STAGE: z.enum(['validate', 'remote', 'persist']),
  /** Messages taken over from Kafka and not yet done, per process: bounds memory. */
  STAGE_WINDOW: integer(1, 100_000, 2_000),
  /** Attempts of a statement while the database is away, before the process gives up. */
  STAGE_APPLY_ATTEMPTS: integer(1, 100, 8),
};

export const relayConfig = {
  RELAY_LOOPS: integer(1, 16, 2),
  RELAY_BATCH_MAX: integer(1, 5_000, 500),
  RELAY_POLL_MIN_MS: integer(1, 10_000, 5),
  RELAY_POLL_MAX_MS: integer(1, 60_000, 50),
  /** A transaction that has not moved for this long, with nothing left to consume, is given its event again. */
  SWEEP_AFTER_SECONDS: integer(1, 86_400, 30),
  SWEEP_INTERVAL_MS: integer(50, 600_000, 2_000),
  IDEMPOTENCY_TTL_HOURS: integer(1, 24 * 365, 48),
};

type Env = Readonly<Record<string, string | undefined>>;

/** A variable as it is, without the credentials that it may hold. */
function describe(name: string, { [name]: value }: Env): string {
  if (value === undefined || value === '') return 'is not set';
  return name.endsWith('PASSWORD') ? 'is set' : `is ${JSON.stringify(value.replace(/\/\/[^/]*@/, '//***@'))}`;
}

/**
 * Parses the environment by a shape of the blocks above. `readable` says whether a file can be read; default: by
 * trying.
 * @throws ConfigError that lists every mistake, each with its variable
 */
export function parseConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: Env,
  readable?: (path: string) => boolean,
): Readonly<z.infer<z.ZodObject<Shape>>> {
  const given = Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
  const parsed = z.object(shape).safeParse(given);
  const mistakes = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ name: String(path[0]), message })),
    ...('KAFKA_TLS' in shape ? securityMistakes(given, readable) : []),
  ];
  if (parsed.success && mistakes.length === 0) return Object.freeze(parsed.data);
  const lines = mistakes.map(({ name, message }) => `  ${name} ${describe(name, env)}: ${message}`);
  throw new ConfigError(`The configuration has ${lines.length} mistake(s):\n${lines.join('\n')}`);
}
