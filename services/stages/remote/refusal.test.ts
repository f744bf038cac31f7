import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { message } from '../../../test/fixtures/messages.ts';
import type { RemoteOutcome } from '../../runtime/remote-client.ts';
import { parseMessage } from '../../runtime/parse-message.ts';
import { countedCalls, patienceOf, refusalWaitMs } from './refusal.ts';

const HOUR_MS = 3_600_000;
const policy = { backoffMs: 1_000, backoffMaxMs: 60_000, refusedMaxMs: HOUR_MS, random: () => 0 };

function read(headers: Readonly<Record<string, string>> = {}, data: object = {}) {
  const good = message({ event: 'validated' });
  const value = Buffer.from(JSON.stringify({ ...(JSON.parse(good.value!.toString()) as object), ...data }));
  const parsed = parseMessage({
    ...good,
    value,
    timestampMs: 7_000,
    headers: { ...good.headers, ...headers },
  });
  if (parsed.kind === 'poison') throw new Error(parsed.text);
  return parsed.message;
}
const at = (ms: number): string => new Date(ms).toISOString();

describe('patience', () => {
  test('counts from the event, however often it is published', () => {
    expect(patienceOf(read({ ce_time: at(1_000) }), policy, 61_000)).toEqual({
      waitedMs: 60_000,
      leftMs: HOUR_MS - 60_000,
    });
    expect(patienceOf(read({ ce_time: at(1_000) }), policy, 1_000 + 2 * HOUR_MS).leftMs).toBe(0);
  });

  test('lasts until the deadline where there is one', () => {
    const message = read({ ce_time: at(1_000) }, { deadline: at(31_000) });
    expect(patienceOf(message, policy, 11_000)).toEqual({ waitedMs: 10_000, leftMs: 20_000 });
    expect(patienceOf(message, policy, 32_000).leftMs).toBe(0);
  });

  test('counts from the record where the event does not tell its time', () => {
    expect(patienceOf(read({ ce_time: 'yesterday' }), policy, 9_000).waitedMs).toBe(2_000);
  });

  test('a clock that is behind has not waited', () => {
    expect(patienceOf(read({ ce_time: at(9_000) }), policy, 1_000).waitedMs).toBe(0);
  });
});

test('what counts: every call, but those a full remote refuses in good time', () => {
  const patient = { waitedMs: 1, leftMs: 1 };
  const over = { waitedMs: 1, leftMs: 0 };
  const refused = (calls: number, notNow?: number): RemoteOutcome => ({
    kind: 'refused',
    message: 'not now',
    calls,
    ...(notNow !== undefined && { notNow: { calls: notNow, retryAfterMs: undefined } }),
  });
  expect(countedCalls(refused(2, 2), patient)).toBe(0);
  expect(countedCalls(refused(2, 1), patient)).toBe(1);
  expect(countedCalls(refused(2), patient)).toBe(2);
  expect(countedCalls(refused(2, 2), over)).toBe(2);
  expect(countedCalls({ kind: 'unknown', message: '', calls: 2 }, patient)).toBe(2);
});

describe('waiting', () => {
  const wait = (retryAfterMs: number | undefined, waitedMs: number, random = 0): number =>
    refusalWaitMs(
      { retryAfterMs },
      { ...policy, random: () => random },
      { waitedMs, leftMs: HOUR_MS - waitedMs },
    );

  test('doubles, to its longest, from one refusal to the next', () => {
    let waitedMs = 10;
    const waits: number[] = [];
    for (let refusal = 0; refusal < 12; refusal++) {
      waits.push(wait(undefined, waitedMs, 0.999_999));
      waitedMs += waits.at(-1)!;
    }
    expect(waits.slice(0, 7)).toEqual([1_000, 1_010, 2_020, 4_040, 8_080, 16_160, 32_320]);
    expect(waits.slice(7)).toEqual([60_000, 60_000, 60_000, 60_000, 60_000]);
  });

  test('is never shorter than the remote asks for, unless that is more than there is left', () => {
    fc.assert(
      fc.property(
        fc.nat(10 * HOUR_MS),
        fc.nat(2 * HOUR_MS),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retryAfterMs, waitedMs, random) => {
          const leftMs = Math.max(0, HOUR_MS - waitedMs);
          const ms = refusalWaitMs(
            { retryAfterMs },
            { ...policy, random: () => random },
            { waitedMs, leftMs },
          );
          expect(ms).toBeGreaterThanOrEqual(Math.min(retryAfterMs, leftMs));
          expect(ms).toBeGreaterThanOrEqual(policy.backoffMs / 2);
          expect(ms).toBeLessThanOrEqual(
            Math.ceil(Math.max(policy.backoffMaxMs, 1.25 * Math.min(retryAfterMs, leftMs))),
          );
        },
      ),
    );
  });

  test('everything ends: a remote that refuses for ever is given up', () => {
    fc.assert(
      fc.property(
        fc.nat(10 * HOUR_MS),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retryAfterMs, random) => {
          let nowMs = 0;
          let attempts = 0;
          let refusals = 0;
          const of = read({ ce_time: at(0) });
          while (attempts < 10) {
            const patience = patienceOf(of, policy, nowMs);
            const notNow = { calls: 2, retryAfterMs };
            attempts += countedCalls({ kind: 'refused', message: '', calls: 2, notNow }, patience);
            nowMs += refusalWaitMs(notNow, { ...policy, random: () => random }, patience);
            refusals++;
          }
          expect(nowMs).toBeLessThan(1.25 * HOUR_MS + 6 * policy.backoffMaxMs);
          expect(refusals).toBeLessThan(150);
        },
      ),
    );
  });
});
