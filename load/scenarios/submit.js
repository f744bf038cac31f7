// What both scenarios share: one submission, and the counts of what became of it. Settings are environment
// variables: URL, SEED, ACCOUNTS, TIMEOUT_SECONDS, SUMMARY (file for the result), IDEMPOTENT (prefix of the
// keys, or empty for none).
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { createPayments, toBody } from '../lib/payments.ts';

const replyMs = new Trend('sluice_reply_ms');

// One counter per kind of error: the summary does not break a counter down by tags.
const statuses = ['400', '404', '409', '413', '422', '429', '500', '502', '503', '504'];
const kinds = [...statuses, 'timeout', 'connection', 'other'];
const errors = Object.fromEntries(kinds.map((kind) => [kind, new Counter(`sluice_error_${kind}`)]));

const K6_REQUEST_TIMEOUT = 1050;

/**
 * @param {{ comeBack: boolean }} options whether a user who is refused waits for the time in Retry-After
 * @returns {() => void} submits one payment; payments differ from user to user
 */
export function createSubmit({ comeBack }) {
  let next;
  return () => {
    // The user's number is only known once it runs.
    next ??= createPayments({
      seed: Number(__ENV.SEED) * 10_000 + exec.vu.idInTest,
      accounts: Number(__ENV.ACCOUNTS),
    });
    const headers = { 'content-type': 'application/json' };
    if (__ENV.IDEMPOTENT)
      headers['idempotency-key'] = `${__ENV.IDEMPOTENT}-${exec.vu.idInTest}-${exec.vu.iterationInInstance}`;
    const answer = http.post(__ENV.URL, toBody(next()), { headers, timeout: `${__ENV.TIMEOUT_SECONDS}s` });
    if (answer.status >= 200 && answer.status < 300) replyMs.add(answer.timings.duration);
    else (errors[kindOf(answer)] ?? errors.other).add(1);
    if (comeBack && answer.status === 503) sleep(Number(answer.headers['Retry-After'] ?? 0));
  };
}

/** @param {{ status: number, error_code: number }} answer */
function kindOf(answer) {
  if (answer.status > 0) return String(answer.status);
  return answer.error_code === K6_REQUEST_TIMEOUT ? 'timeout' : 'connection';
}

/** @param {object} data */
export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}
