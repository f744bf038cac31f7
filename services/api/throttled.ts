export type WriteLog = (fields: object, message: string) => void;

/**
 * Writes at most one line per interval, with the number of lines left out since the last one: an outage fails
 * thousands of requests a second in the same way.
 */
export function throttled(write: WriteLog, intervalMs = 1_000): WriteLog {
  let nextMs = -Infinity;
  let suppressed = 0;
  return (fields, message) => {
    const nowMs = performance.now();
    if (nowMs < nextMs) {
      suppressed++;
      return;
    }
    nextMs = nowMs + intervalMs;
    write(suppressed > 0 ? { ...fields, suppressed } : fields, message);
    suppressed = 0;
  };
}
