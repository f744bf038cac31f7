import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger } from './ledger.ts';
import type { Original } from './ledger.ts';

const original = (key: string, change: Partial<Original> = {}): Original => ({
  key,
  fingerprint: 7,
  transactionKey: undefined,
  decline: false,
  nowMs: 1_000,
  ...change,
});

describe('Ledger', () => {
  test('answers a repeated request from the books', () => {
    const ledger = new Ledger();
    const first = ledger.execute(original('a'));
    const second = ledger.execute(original('a', { nowMs: 9_000 }));
    expect(first).toMatchObject({ kind: 'executed', fresh: true, entry: { seq: 1, atMs: 1_000 } });
    expect(second).toMatchObject({ kind: 'executed', fresh: false, entry: { seq: 1, atMs: 1_000 } });
    expect(ledger.totals.executed).toBe(1);
  });

  test('refuses another body under the same key', () => {
    const ledger = new Ledger();
    ledger.execute(original('a'));
    expect(ledger.execute(original('a', { fingerprint: 8 }))).toEqual({ kind: 'mismatch' });
  });

  test('declines once and for all', () => {
    const ledger = new Ledger();
    expect(ledger.execute(original('a', { decline: true }))).toMatchObject({ kind: 'declined', fresh: true });
    expect(ledger.execute(original('a'))).toMatchObject({ kind: 'declined', fresh: false });
    expect(ledger.totals.executed).toBe(0);
  });

  test('reverses an effect once, says so twice, and lets no original in afterwards', () => {
    const ledger = new Ledger();
    ledger.execute(original('a'));
    expect(ledger.reverse('a', 2_000)).toMatchObject({ reversed: true, fresh: true });
    expect(ledger.reverse('a', 3_000)).toMatchObject({ reversed: true, fresh: false });
    expect(ledger.execute(original('a'))).toEqual({ kind: 'undone' });
    expect(ledger.totals).toMatchObject({ executed: 0, reversed: 1 });
  });

  test('a reversal of an unknown key keeps the original out', () => {
    const ledger = new Ledger();
    expect(ledger.reverse('a', 1_000)).toMatchObject({ reversed: false, fresh: true });
    expect(ledger.execute(original('a'))).toEqual({ kind: 'undone' });
    expect(ledger.get('a')).toMatchObject({ state: 'tombstone' });
  });
});

/** One delivery in an interleaving. */
const delivery = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  act: fc.constantFrom('original', 'original', 'other-body', 'reversal'),
  decline: fc.boolean(),
});

test('in any interleaving: at most one effect per key, and none after its reversal', () => {
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 60 }), (deliveries) => {
      const ledger = new Ledger();
      const effects = new Map<string, number>();
      const undone = new Map<string, boolean>();
      let agreed = true;
      for (const { key, act, decline } of deliveries) {
        const before = undone.get(key);
        if (act === 'reversal') {
          const { reversed } = ledger.reverse(key, 0);
          agreed &&= reversed === (before ?? effects.has(key));
          undone.set(key, reversed);
          continue;
        }
        const fingerprint = act === 'original' ? 1 : 2;
        const outcome = ledger.execute(original(key, { fingerprint, decline }));
        expect(outcome.kind === 'undone').toBe(before !== undefined);
        if (outcome.kind === 'executed' && outcome.fresh) effects.set(key, (effects.get(key) ?? 0) + 1);
      }
      expect(agreed).toBe(true);
      expect([...effects.values()].every((count) => count === 1)).toBe(true);
      const { executed, reversed } = ledger.totals;
      expect(executed + reversed).toBe(effects.size);
    }),
  );
});

test('answers to a key agree with each other until it is reversed', () => {
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 60 }), (deliveries) => {
      const ledger = new Ledger();
      const answers = new Map<string, string>();
      for (const { key, decline, act } of deliveries) {
        if (act === 'reversal') continue;
        const outcome = ledger.execute(original(key, { decline }));
        const answer = 'entry' in outcome ? `${outcome.kind} ${outcome.entry.seq}` : outcome.kind;
        expect(answer).toBe(answers.get(key) ?? answer);
        answers.set(key, answer);
      }
    }),
  );
});

test('entries come in order of seq, without those that are added while they are read', () => {
  const ledger = new Ledger();
  for (const key of ['a', 'b', 'c']) ledger.execute(original(key));
  ledger.reverse('a', 0);
  const seen: string[] = [];
  for (const [key] of ledger.entries()) {
    seen.push(key);
    ledger.execute(original(`${key}-later`));
  }
  expect(seen).toEqual(['a', 'b', 'c']);
});
