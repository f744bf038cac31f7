import { codeOf, messageOf } from '../error-message.ts';
import { placeOf } from '../store/place-of.ts';

/** What the person at the terminal should read, and the code the process ends with. */
export class CliError extends Error {
  /** 1: the answer is no. 2: the question could not be asked or answered. */
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** SQLSTATEs that say that nobody has set this database up (PostgreSQL documentation, appendix A). */
const NOT_MIGRATED = new Set(['42P01', '42703', '3F000']);

/** What went wrong with the database, naming its host and the variable to look at; never its password. */
export function databaseError(error: unknown, databaseUrl: string): CliError {
  const where = placeOf(databaseUrl);
  const code = codeOf(error);
  if (NOT_MIGRATED.has(code))
    return new CliError(
      2,
      `The database ${where} (DATABASE_URL) lacks Sluice's schema; \`sluice migrate\` creates it. ` +
        `(${messageOf(error)})`,
      { cause: error },
    );
  const verb = /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08') ? 'refused' : 'cannot be reached';
  return new CliError(2, `The database ${where} (DATABASE_URL) ${verb}: ${messageOf(error)}`, {
    cause: error,
  });
}

export function brokerError(error: unknown, brokers: readonly string[]): CliError {
  const where = brokers.join(', ');
  return new CliError(2, `Kafka at ${where} (KAFKA_BROKERS) does not answer: ${messageOf(error)}`, {
    cause: error,
  });
}

export function apiError(error: unknown, url: string): CliError {
  return new CliError(2, `The API at ${url} (SLUICE_API_URL) cannot be reached: ${messageOf(error)}`, {
    cause: error,
  });
}
