/** What the person at the terminal should read; the process ends with code 2. */
export class CliError extends Error {
  readonly exitCode = 2;
}
