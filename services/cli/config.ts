import { z } from 'zod';
import { securityConfig } from '../broker/security.ts';
import { brokerConfig, databaseConfig, remoteConfig, typesConfig } from '../config.ts';

/** What the commands read of the environment; each takes what it needs. */
export const cliConfig = {
  api: {
    SLUICE_API_URL: z
      .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
      .default('http://127.0.0.1:8080')
      .transform((url) => url.replace(/\/+$/, '')),
  },
  database: { DATABASE_URL: databaseConfig.DATABASE_URL },
  topics: {
    KAFKA_BROKERS: brokerConfig.KAFKA_BROKERS,
    ...securityConfig,
    SLUICE_TOPIC_PREFIX: brokerConfig.SLUICE_TOPIC_PREFIX,
    SLUICE_PARTITIONS: brokerConfig.SLUICE_PARTITIONS,
  },
  /** Without a default: a ledger is compared with where one is named. */
  remote: { REMOTE_URL: remoteConfig.REMOTE_URL.removeDefault().optional() },
  types: typesConfig,
} as const;
