/** Every mistake in the configuration, in one message. The process exits with code 2. */
export class ConfigError extends Error {
  readonly code = 'config';

  constructor(what: string, mistakes: readonly string[]) {
    super(`${what} has ${mistakes.length} mistake(s):\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
  }
}
