import { readFileSync } from 'node:fs';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import type { BrokerSecurity, SaslUser, TlsFiles } from '../security.ts';

/**
 * As kafkajs takes it. Its properties read their files: kafkajs looks at them for each connection that it opens, so
 * that a certificate or password that has been rotated is used from the next connection on. A file that cannot be
 * read then is a failure to connect like any other.
 */
export function openSecurity({ tls, sasl }: BrokerSecurity): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  return { ...(tls && { ssl: openTls(tls) }), ...(sasl && { sasl: openSasl(sasl) }) };
}

function openTls({ caFile, certFile, keyFile }: TlsFiles): NonNullable<KafkaConfig['ssl']> {
  // kafkajs copies what is in it; undefined is what tls.connect takes for not set.
  return {
    get ca() {
      return readIf(caFile);
    },
    get cert() {
      return readIf(certFile);
    },
    get key() {
      return readIf(keyFile);
    },
  };
}

function readIf(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}

function openSasl({ mechanism, username, password }: SaslUser): SASLOptions {
  return {
    mechanism,
    username,
    get password() {
      return 'text' in password ? password.text : readFileSync(password.file, 'utf8').replace(/\r?\n$/, '');
    },
  };
}
