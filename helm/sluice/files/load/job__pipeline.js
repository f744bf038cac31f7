// What the scenarios in a cluster share. Settings are environment variables: BASE_URL, ACCOUNTS, SECONDS, USERS and
// what the scenario names itself.
import exec from 'k6/execution';
import { sleep } from 'k6';
import http from 'k6/http';
import { Counter, Rate, Trend } from 'k6/metrics';
import { createPayments, toBody } from '../lib/payments.ts';

export const settings = {
  baseUrl: __ENV.BASE_URL || 'http://127.0.0.1:8080',
  accounts: number('ACCOUNTS', 1_000),
  seconds: number('SECONDS', 60),
  users: number('USERS', 40),
};

/** @param {string} name @param {number} fallback */
export function number(name, fallback) {
  return __ENV[name] ? Number(__ENV[name]) : fallback;
}

/**
 * Users that are ready from the start, for a rate per second: enough for answers within 0.2 s, and 50 at least. k6 makes
 * further ones on the way, and drops what they should have sent meanwhile.
 */
export function usersFor(rate) {
  return Math.min(settings.users, Math.max(50, Math.ceil(rate / 5) + 10));
}

const accepted = new Counter('sluice_accepted');
const refused = new Counter('sluice_refused');
const failed = new Rate('sluice_failed');
const reply = new Trend('sluice_reply', true);
/** Whole transactions, as a client that waits for each sees them. */
export const settled = new Counter('sluice_settled');
export const settleTime = new Trend('sluice_settle_time', true);
export const unsettled = new Rate('sluice_unsettled');

const RETRY_SECONDS = 0.5;
let next;

/** Submits one payment; returns its id, or undefined when it was not accepted. Refused (503) is not failed. */
export function submit(path = '/v1/transactions', timeout = '30s') {
  next ??= createPayments({ seed: exec.vu.idInTest, accounts: settings.accounts });
  const params = { headers: { 'content-type': 'application/json' }, timeout, tags: { name: path } };
  const answer = http.post(`${settings.baseUrl}${path}`, toBody(next()), params);
  const overloaded = answer.status === 503;
  const ok = answer.status >= 200 && answer.status < 300;
  failed.add(!ok && !overloaded);
  if (overloaded) refused.add(1);
  if (!ok) return undefined;
  accepted.add(1);
  reply.add(answer.timings.duration);
  return answer.json('id');
}

/** Submits one payment and waits for its end. @param {number} timeoutSeconds */
export function submitAndWait(timeoutSeconds) {
  const id = submit();
  if (id === undefined) return;
  const startedMs = Date.now();
  const url = `${settings.baseUrl}/v1/transactions/${id}?wait=10s`;
  let state;
  while (!isEnd(state) && Date.now() - startedMs < timeoutSeconds * 1_000) state = look(url);
  unsettled.add(!isEnd(state));
  if (!isEnd(state)) return;
  settled.add(1);
  settleTime.add(Date.now() - startedMs);
}

/** The state of a transaction; undefined when there was no answer, which counts as failed unless it was refused. */
function look(url) {
  const answer = http.get(url, { timeout: '15s', tags: { name: '/v1/transactions/:id' } });
  const ok = answer.status === 200;
  failed.add(!ok && answer.status !== 503);
  if (ok) return answer.json('state');
  sleep(RETRY_SECONDS);
  return undefined;
}

function isEnd(state) {
  return ['done', 'rejected', 'failed', 'expired', 'compensated'].includes(state);
}

/** Statistics of every trend; needed in the options of each scenario. */
export const summaryTrendStats = ['avg', 'med', 'p(95)', 'p(99)', 'max'];

/**
 * What a log should hold: a few lines for people, and one of JSON behind `RESULT ` for the report.
 * @param {string} scenario
 * @param {number} [partSeconds] how long each part with figures of its own is; k6 counts rates over the whole run
 */
export function createSummary(scenario, partSeconds) {
  return ({ metrics, state }) => {
    const values = Object.fromEntries(
      Object.entries(metrics)
        .filter(([name]) => /^(sluice_|http_reqs|dropped_iterations|iterations)/.test(name))
        .map(([name, metric]) => [name, ofPart(name, metric, partSeconds)]),
    );
    const broken = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
      Object.entries(thresholds)
        .filter(([, { ok }]) => !ok)
        .map(([threshold]) => `${name}: ${threshold}`),
    );
    const result = {
      scenario,
      seconds: state.testRunDurationMs / 1_000,
      passed: broken.length === 0,
      broken,
      values,
    };
    const lines = [
      `scenario ${scenario}: ${broken.length === 0 ? 'passed' : `FAILED (${broken.join('; ')})`}`,
    ];
    for (const [name, value] of Object.entries(values)) lines.push(`  ${name.padEnd(36)} ${inWords(value)}`);
    return { stdout: `${lines.join('\n')}\nRESULT ${JSON.stringify(result)}\n` };
  };
}

function ofPart(name, { type, values }, partSeconds) {
  const isPart = type === 'counter' && name.includes('{') && partSeconds;
  return isPart ? { ...values, rate: values.count / partSeconds } : values;
}

function inWords(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Math.round(value * 100) / 100}`)
    .join('  ');
}
