import { securityConfig } from '../broker/security.ts';
import { writeFileAtomic } from './atomic-file.ts';
import type { LocalConfig } from './config.ts';
import type { Endpoints } from './stack.ts';

/** Writes down how to reach a running stack, for the command line. Readable by its owner: it holds a password. */
export function writeEnvFile(
  path: string,
  endpoints: Endpoints,
  { config, env }: { readonly config: LocalConfig; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const security = config.security ? Object.keys(securityConfig) : [];
  const variables = {
    DATABASE_URL: endpoints.databaseUrl,
    KAFKA_BROKERS: endpoints.brokers.join(','),
    REMOTE_URL: endpoints.remoteUrl,
    SLUICE_API_URL: endpoints.apiUrl,
    SUPERVISOR_URL: endpoints.supervisorUrl,
    ...(endpoints.operatorUrl && { SLUICE_OPERATOR_URL: endpoints.operatorUrl }),
    SLUICE_TOPIC_PREFIX: config.topicPrefix,
    SLUICE_TYPES: config.types,
    ...Object.fromEntries(security.flatMap((name) => (env[name] ? [[name, quoted(env[name])]] : []))),
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  return writeFileAtomic(path, lines.join(''), 0o600);
}

/** In quotes that do not occur in it: a password may hold what would end a value, or begin a comment. */
function quoted(value: string): string {
  const quote = [`'`, '"', '`'].find((mark) => !value.includes(mark)) ?? '';
  return `${quote}${value}${quote}`;
}
