export type HeaderValue = string | string[] | undefined;

const SECONDS = /^\d+$/;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Ms from now by a Retry-After header: whole seconds or a date (RFC 9110 10.2.3). Undefined for anything else. */
export function parseRetryAfter(header: HeaderValue, nowMs: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (SECONDS.test(text)) return Number(text) * 1_000;
  const atMs = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
