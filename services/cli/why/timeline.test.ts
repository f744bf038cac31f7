import { expect, test } from 'vitest';
import type { TransactionFacts } from '../../store/pg/why.ts';
import { at, because, event, facts, letter } from './facts.fixture.ts';
import { timeline } from './timeline.ts';

const tell = (change: Partial<TransactionFacts>): string[] =>
  timeline(facts(change)).map(
    (moment) => `${(moment.at.getTime() - at(0).getTime()) / 1_000} ${moment.text}`,
  );

test('events in words, with attempts and reasons', () => {
  const down = because('remote-unavailable', 'The remote answered 500.');
  const events = [
    event('new', 'accepted', 0),
    event('validated', 'validated', 1, { stage: 'validate' }),
    event('retry-scheduled', 'validated', 2, { stage: 'remote', attempt: 2, data: down }),
    event('compensation-requested', 'compensating', 3, { stage: 'remote', attempt: 4, data: down }),
    event('retry-scheduled', 'compensating', 4, { stage: 'remote', attempt: 6, data: down }),
    event('compensated', 'compensated', 5, { stage: 'remote', attempt: 7, data: down }),
  ];
  const why = '(remote-unavailable: The remote answered 500)';
  expect(tell({ events, state: 'compensated' })).toEqual([
    '0 accepted',
    '1 validate found it valid',
    `2 remote got no usable answer from the remote system and will try again; 2 calls in all ${why}`,
    `3 remote gave it up; what a call may have done is to be undone ${why}`,
    `4 remote could not have its effect undone and will try again; 6 calls in all ${why}`,
    `5 remote had its effect undone ${why}`,
  ]);
});

test('a call that was turned away is told as that, and counted as none', () => {
  const full = because('remote-unavailable', 'The remote answered 503.');
  const retry = (seconds: number, attempt: number) =>
    event('retry-scheduled', 'validated', seconds, { stage: 'remote', attempt, data: full });
  const events = [event('new', 'accepted', 0), retry(1, 0), retry(2, 2), retry(3, 2)];
  const why = '(remote-unavailable: The remote answered 503)';
  const away = `turned away by the remote system, which took no more, and will try again; that counts as no call ${why}`;
  expect(tell({ events }).slice(1)).toEqual([
    `1 remote was ${away}`,
    `2 remote got no usable answer from the remote system and will try again; 2 calls in all ${why}`,
    `3 remote was ${away}`,
  ]);
});

test('a verdict after an undoing that found nothing', () => {
  const data = { reasons: [{ code: 'limit-exceeded', message: 'Too much.', field: '/amount' }] };
  const events = [
    event('new', 'accepted', 0, { stage: 'sync' }),
    event('compensation-requested', 'compensating', 1, { stage: 'validate', data }),
    event('rejected', 'rejected', 2, { stage: 'remote', data }),
  ];
  const texts = tell({ events, order: 'fanOut', state: 'rejected' });
  expect(texts[0]).toBe('0 accepted by a synchronous request');
  expect(texts[2]).toBe(
    '2 remote found no effect to undo and rejected it (limit-exceeded at /amount: Too much)',
  );
});

test('dead letters, redrives and what waits in the outbox take their place in time', () => {
  const texts = tell({
    letters: [letter({ redrivenAt: at(30), redrives: 2 }), letter({ id: '9', at: at(8), certain: false })],
    outbox: [
      { id: '1', event: null, letterId: '7', redrive: true, createdAt: at(30), before: 3 },
      { id: '2', event: 'new', letterId: null, redrive: false, createdAt: at(1), before: 0 },
    ],
  });
  expect(texts).toEqual([
    '0 accepted',
    '1 event new was put into the outbox, and waits there for 59.0 s, first in its shard',
    '5 validate put its message sluice.transactions.new/2@41 aside as dead letter 7, unknown-type: ' +
      'There is no transaction type "x" here.',
    '8 validate put a message that names it sluice.transactions.new/2@41 aside as dead letter 9, ' +
      'unknown-type: There is no transaction type "x" here.',
    '30 dead letter 7 was redriven (2 times so far)',
    '30 dead letter 7, redriven, was put into the outbox, and waits there for 30.0 s, behind 3 rows',
  ]);
});

test('what is due is told while it is under way, and not after', () => {
  const coming = { nextAttemptAt: at(70), attempts: 2, deadline: at(90) };
  expect(tell(coming).slice(1)).toEqual(['70 call 3 of the remote system is due', '90 its deadline passes']);
  expect(tell({ ...coming, state: 'done' })).toEqual(['0 accepted']);
});
