/** Every mistake in the configuration, in one message. The process exits with code 2. */
export class ConfigError extends Error {
  readonly code = 'config';
}
