import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../broker/kafkajs/admin.ts';
import type { BrokerAdmin } from '../broker/port.ts';
import type { SecuritySettings } from '../broker/security.ts';
import { connectionOf } from '../broker/security.ts';
import { CliError, brokerError } from './errors.ts';

/**
 * Runs a command's work on Kafka.
 * @throws CliError: the work's own, or one that says what is wrong with Kafka
 */
export async function withBroker<Result>(
  config: SecuritySettings & { readonly KAFKA_BROKERS: readonly string[] },
  work: (admin: BrokerAdmin) => Promise<Result>,
): Promise<Result> {
  const admin = createAdmin({
    ...connectionOf(config),
    clientId: 'sluice-cli',
    log: createLogger('sluice-cli', { level: 'silent' }),
    retry: { retries: 1 },
  });
  try {
    return await work(admin);
  } catch (error) {
    throw error instanceof CliError ? error : brokerError(error, config.KAFKA_BROKERS);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
