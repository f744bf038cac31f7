import type { TestProject } from 'vitest/node';
import type { TestServers } from './fixtures/servers.ts';
import { startServers } from './fixtures/servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    KAFKA_BROKERS: string;
    DATABASE_URL: string;
  }
}

/**
 * One real Kafka and one real Postgres for all files of the project, started as local mode starts them, in a
 * temporary directory. SLUICE_TEST_KAFKA_BROKERS and SLUICE_TEST_DATABASE_URL name running ones instead.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const brokers = process.env['SLUICE_TEST_KAFKA_BROKERS'];
  const databaseUrl = process.env['SLUICE_TEST_DATABASE_URL'];
  let servers: TestServers | undefined;
  if (!brokers || !databaseUrl) servers = await startServers(process.env);
  project.provide('KAFKA_BROKERS', brokers || servers!.brokers.join(','));
  project.provide('DATABASE_URL', databaseUrl || servers!.databaseUrl);
  return async () => servers?.stop();
}
