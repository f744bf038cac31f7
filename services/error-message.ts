/** What an error says, however it is wrapped; never empty. */
export function messageOf(error: unknown): string {
  // What connecting to a name with several addresses ends in: its own message is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? codeOf(error) || error.name : error.message;
}

/** Of the system, of Postgres; empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
