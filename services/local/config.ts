import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { BrokerSecurity } from '../broker/security.ts';
import { connectionOf } from '../broker/security.ts';
import { brokerConfig, databaseConfig, logConfig, parseConfig, typesConfig } from '../config.ts';

const optionalPort = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port')
  .transform(Number)
  .pipe(z.number().max(65_535))
  .optional();

/** What local mode reads itself; every variable, these included, goes on to the services. */
const localConfig = {
  ...brokerConfig,
  ...databaseConfig,
  SLUICE_TYPES: typesConfig.SLUICE_TYPES,
  LOG_LEVEL: logConfig.LOG_LEVEL,
  SLUICE_DATA_DIR: z.string().default('.sluice'),
  SLUICE_CACHE_DIR: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  API_PORT: optionalPort,
  SUPERVISOR_PORT: optionalPort,
  OPERATOR_PORT: optionalPort,
  SIMULATOR_PORT: optionalPort,
  KAFKA_PORT: optionalPort,
  POSTGRES_PORT: optionalPort,
};

export interface LocalConfig {
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute; holds what was downloaded, for all clones. */
  readonly cacheDir: string;
  /** A cluster of the user's: no Kafka is started. */
  readonly brokers: readonly string[] | undefined;
  /** How to connect to it; undefined: in the clear. */
  readonly security?: BrokerSecurity | undefined;
  /** A database of the user's: no Postgres is started. */
  readonly databaseUrl: string | undefined;
  readonly topicPrefix: string;
  readonly partitions: number;
  /** Comma list, as the services read it. */
  readonly types: string;
  /** As asked for by the user; others are chosen. */
  readonly ports: Readonly<Record<PortName, number | undefined>>;
}

export const PORT_NAMES = [
  'API_PORT',
  'SUPERVISOR_PORT',
  'OPERATOR_PORT',
  'SIMULATOR_PORT',
  'KAFKA_PORT',
  'POSTGRES_PORT',
] as const;
export type PortName = (typeof PORT_NAMES)[number];

/** @throws ConfigError that lists every mistake */
export function parseLocalConfig(env: NodeJS.ProcessEnv): LocalConfig {
  const parsed = parseConfig(localConfig, env);
  const { security } = connectionOf(parsed);
  const cacheHome = parsed.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return {
    dataDir: resolve(parsed.SLUICE_DATA_DIR),
    cacheDir: resolve(parsed.SLUICE_CACHE_DIR ?? join(cacheHome, 'sluice')),
    brokers: env['KAFKA_BROKERS'] ? parsed.KAFKA_BROKERS : undefined,
    security: env['KAFKA_BROKERS'] && (security.tls || security.sasl) ? security : undefined,
    databaseUrl: env['DATABASE_URL'] ? parsed.DATABASE_URL : undefined,
    topicPrefix: parsed.SLUICE_TOPIC_PREFIX,
    partitions: parsed.SLUICE_PARTITIONS,
    types: parsed.SLUICE_TYPES.join(','),
    ports: {
      API_PORT: parsed.API_PORT,
      SUPERVISOR_PORT: parsed.SUPERVISOR_PORT,
      OPERATOR_PORT: parsed.OPERATOR_PORT,
      SIMULATOR_PORT: parsed.SIMULATOR_PORT,
      KAFKA_PORT: parsed.KAFKA_PORT,
      POSTGRES_PORT: parsed.POSTGRES_PORT,
    },
  };
}
