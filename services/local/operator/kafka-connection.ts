import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { BrokerSecurity } from '../../broker/security.ts';

/** Writes the operator's configuration for a cluster of the user's: a password stays where it is. */
export async function writeKafkaConnection(
  path: string,
  brokers: readonly string[],
  security: BrokerSecurity,
): Promise<void> {
  await writeFile(path, stringify(kafkaConnection(brokers, security)));
}

/** The connection that the StageScalers of local mode name: the default one. */
export function kafkaConnection(brokers: readonly string[], { tls, sasl }: BrokerSecurity): object {
  const { caFile, certFile, keyFile } = tls ?? {};
  const files = { ...(caFile && { caFile }), ...(certFile && { certFile }), ...(keyFile && { keyFile }) };
  return {
    kafka: {
      default: {
        brokers,
        ...(tls && { tls: Object.keys(files).length > 0 ? files : true }),
        ...(sasl && {
          sasl: {
            mechanism: sasl.mechanism,
            username: sasl.username,
            password: 'file' in sasl.password ? sasl.password : { env: 'KAFKA_SASL_PASSWORD' },
          },
        }),
      },
    },
  };
}
