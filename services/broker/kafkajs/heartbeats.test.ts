import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Heartbeats } from './heartbeats.ts';

const INTERVAL_MS = 150;
const START_MS = 1_790_000_000_000;

/** Beats as kafkajs asks for them: at any time, as often as it likes. Says when one was sent, and whether it failed. */
class Member {
  readonly sentMs: number[] = [];
  rejoinedMs: number | undefined;
  private readonly heartbeats: Heartbeats;
  constructor(group = 'g') {
    this.heartbeats = new Heartbeats(group, INTERVAL_MS);
  }
  at(nowMs: number, rebalancing: boolean): void {
    if (this.rejoinedMs !== undefined || !this.heartbeats.isDue(nowMs)) return;
    this.sentMs.push(nowMs);
    if (rebalancing && !this.heartbeats.holdsAfterRebalance()) {
      this.rejoinedMs = nowMs;
      this.heartbeats.joined();
    }
  }
}

test('one in each interval, at the first call in it', () => {
  const member = new Member();
  for (let ms = 0; ms < 3_000; ms += 7) member.at(START_MS + ms, false);
  // The first may come at the end of its interval.
  const gaps = member.sentMs.slice(2).map((ms, index) => ms - member.sentMs[index + 1]!);
  for (const gap of gaps) expect(Math.abs(gap - INTERVAL_MS)).toBeLessThan(7);
  expect(gaps.length).toBeGreaterThanOrEqual(18);
});

describe('a member that hears of a rebalance', () => {
  test('works on for two intervals, without a heartbeat, and joins again by the next one', () => {
    const member = new Member();
    for (let ms = 0; ms < 2_000; ms += 10) member.at(START_MS + ms, ms >= 500);
    const heardMs = member.sentMs.at(-2)!;
    expect(heardMs - START_MS).toBeGreaterThanOrEqual(500);
    expect(Math.abs(member.rejoinedMs! - heardMs - 2 * INTERVAL_MS)).toBeLessThanOrEqual(10);
  });

  test('joins again together with the others: who asks often, within how often it asks', () => {
    const often = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(fc.array(often, { minLength: 2, maxLength: 8 }), fc.nat(1_000), (everyMs, fromMs) => {
        const rejoined = everyMs.map((every, index) => {
          const member = new Member();
          for (let ms = index; ms < 3_000; ms += every) member.at(START_MS + ms, ms >= fromMs + 500);
          return member.rejoinedMs!;
        });
        const late = Math.max(...everyMs);
        // Or one beat apart: some asked in this beat just before it began, some just after.
        const apart = Math.max(...rejoined) - Math.min(...rejoined);
        expect(apart <= late || Math.abs(apart - INTERVAL_MS) <= late).toBe(true);
      }),
    );
  });

  test('does not wait for a time that comes again when the clock is put back', () => {
    const member = new Member();
    for (let ms = 0; ms < 600; ms += 10) member.at(START_MS + ms, ms >= 400);
    expect(member.rejoinedMs).toBeUndefined();
    const backMs = START_MS - 3_600_000;
    for (let ms = 0; ms < 1_000 && member.rejoinedMs === undefined; ms += 10) member.at(backMs + ms, true);
    expect(member.rejoinedMs! - backMs).toBeLessThan(500);
  });

  test('has heard of nothing any more once it has joined', () => {
    const heartbeats = new Heartbeats('g', INTERVAL_MS);
    heartbeats.isDue(START_MS);
    expect(heartbeats.holdsAfterRebalance()).toBe(true);
    heartbeats.joined();
    expect(heartbeats.isDue(START_MS + INTERVAL_MS)).toBe(true);
    expect(heartbeats.holdsAfterRebalance()).toBe(true);
  });
});

test('groups do not all beat at the same moment', () => {
  const firstMs = Array.from({ length: 20 }, (_, group) => {
    const member = new Member(`group-${group}`);
    for (let ms = 0; ms < 400; ms++) member.at(START_MS + ms, false);
    return member.sentMs[1]! - START_MS;
  });
  expect(new Set(firstMs).size).toBeGreaterThan(10);
});
