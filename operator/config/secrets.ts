import { access, constants, readFile } from 'node:fs/promises';
import type { ConnectionConfig, OperatorConfig, SecretRef } from './operator-config.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The secret, without the line break at the end that editors leave. Rejects when it cannot be read. */
export async function readSecret(ref: SecretRef, env: Env): Promise<string> {
  if ('file' in ref) return (await readFile(ref.file, 'utf8')).trimEnd();
  const value = env[ref.env];
  if (value === undefined || value === '') throw new Error(`${ref.env} is not set`);
  return value;
}

/** What the connections refer to and is not there: one line each. */
export async function missingSecrets({ kafka }: OperatorConfig, env: Env): Promise<string[]> {
  const lines = await Promise.all(
    Object.entries(kafka).flatMap(([name, connection]) =>
      references(connection).map(async (ref) => {
        const problem = await problemOf(ref, env);
        return problem && `kafka.${name}: ${problem}`;
      }),
    ),
  );
  return lines.filter((line) => line !== undefined);
}

async function problemOf(ref: SecretRef, env: Env): Promise<string | undefined> {
  if ('env' in ref) return env[ref.env] ? undefined : `the environment variable ${ref.env} is not set`;
  return access(ref.file, constants.R_OK).then(
    () => undefined,
    () => `the file ${ref.file} cannot be read`,
  );
}

function references({ tls, sasl }: ConnectionConfig): SecretRef[] {
  const found: SecretRef[] = [];
  if (tls !== undefined && tls !== true) {
    for (const file of [tls.caFile, tls.certFile, tls.keyFile]) if (file !== undefined) found.push({ file });
    if (tls.keyPassphrase) found.push(tls.keyPassphrase);
  }
  if (sasl?.mechanism === 'oauthbearer')
    found.push('tokenUrl' in sasl.token ? sasl.token.clientSecret : sasl.token);
  else if (sasl) found.push(sasl.password);
  return found;
}
