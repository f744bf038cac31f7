/**
 * Whether the broker refused a message for what it is, so that sending it again is of no use.
 * Error names: https://kafka.apache.org/protocol#protocol_error_codes
 */
export function isRefusedMessage(error: unknown): boolean {
  const type = errorType(error);
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE' || type === 'INVALID_RECORD';
}

/** Whether a topic is missing: never created, or lost with the broker's disk. */
export function isMissingTopic(error: unknown): boolean {
  return errorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
}

function errorType(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  return errorType(error.cause);
}
