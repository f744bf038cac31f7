import { describe, expect, test } from 'vitest';
import type { TransactionFacts } from '../../store/pg/why.ts';
import { OTHER, at, because, event, facts, letter } from './facts.fixture.ts';
import { standing } from './standing.ts';

const stand = (change: Partial<TransactionFacts>) => standing(facts(change));
const validated: Partial<TransactionFacts> = {
  state: 'validated',
  events: [event('new', 'accepted', 0), event('validated', 'validated', 1, { stage: 'validate' })],
};
const lane = { before: 2, head: { id: OTHER, state: 'validated' }, previousId: OTHER } as const;

describe('what it waits for', () => {
  test.each<[string, Partial<TransactionFacts>, RegExp]>([
    ['the stage', {}, /^It waits for validate to work on new, which was published\.$/],
    ['two stages', { order: 'fanOut' }, /validate and remote to work on new/],
    [
      'the relay',
      { outbox: [{ id: '1', event: 'new', letterId: null, redrive: false, createdAt: at(10), before: 4 }] },
      /^It waits for the relay to publish new, for 50\.0 s now, behind 4 rows\.$/,
    ],
    [
      'its turn',
      { ...validated, keyed: true, key: 'order-7', lane },
      /its turn with key order-7: 2 before it/,
    ],
    ['not its turn while validate has it', { keyed: true, lane }, /^It waits for validate/],
    [
      'not its turn while its effect is undone',
      { state: 'compensating', keyed: true, lane },
      /^It waits for remote/,
    ],
    [
      'the next attempt',
      {
        ...validated,
        attempts: 4,
        nextAttemptAt: at(72),
        events: [event('retry-scheduled', 'validated', 2, { data: because('remote-unavailable', 'Down.') })],
      },
      /^It waits for call 5 of the remote system, due in 12\.0 s \(remote-unavailable: Down\)\.$/,
    ],
    ['a redrive', { letters: [letter()] }, /^It waits for dead letter 7 \(unknown-type\); nothing else/],
    [
      'a redrive before everything else',
      { ...validated, keyed: true, lane, nextAttemptAt: at(70), letters: [letter()] },
      /^It waits for dead letter 7/,
    ],
    ['not for what was redriven', { letters: [letter({ redrivenAt: at(9) })] }, /^It waits for validate/],
    ['not for what may be of another', { letters: [letter({ certain: false })] }, /^It waits for validate/],
  ])('%s', (_name, change, expected) => {
    expect(stand(change).waitsFor).toMatch(expected);
  });
});

describe('what an operator can do', () => {
  test.each<[string, Partial<TransactionFacts>, RegExp]>([
    ['nothing, it is on its way', { now: at(2) }, /^That is on its way\.$/],
    ['look at the stage', {}, /`sluice lag` whether validate is running/],
    ['redrive', { letters: [letter(), letter({ id: '8' })] }, /`sluice dlq redrive --id 7 8`/],
    ['look at the one before', { ...validated, keyed: true, lane }, new RegExp(`sluice why ${OTHER}`)],
    ['start the relay', { ...validated, nextAttemptAt: at(20) }, /the relay is running: it schedules/],
  ])('%s', (_name, change, expected) => {
    expect(stand(change).advice).toMatch(expected);
  });
});

test('says how long it has not moved, and what the sweeper did', () => {
  expect(stand({ ...validated, sweeps: 2 }).stands).toBe(
    'It is validated and has not moved for 59.0 s. The sweeper has published its event again 2 times since.',
  );
});

describe('at its end', () => {
  test('done: how long it took, nothing is waited for', () => {
    const done = stand({ state: 'done', events: [event('new', 'accepted', 0), event('done', 'done', 1.5)] });
    expect(done).toEqual({ stands: 'It has ended as done, after 1.5 s.', advice: 'There is nothing to do.' });
  });

  test('otherwise: why', () => {
    const events = [event('failed', 'failed', 3, { data: because('remote-declined', 'No.') })];
    const failed = stand({ state: 'failed', events, letters: [letter()] });
    expect(failed.stands).toBe('It has ended as failed, after 3.0 s (remote-declined: No).');
    expect(failed.advice).toContain('1 dead letter about it is left, without any weight.');
  });
});
