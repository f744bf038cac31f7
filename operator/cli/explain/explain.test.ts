import { expect, test } from 'vitest';
import { MEASURED } from '../../loop/loop.fixture.ts';
import { PROFILES } from '../../scaling/settings.ts';
import { figure } from '../columns.ts';
import { renderExplanation } from './render.ts';
import type { ScalerDetail } from './scaler-detail.ts';
import { detailSchema } from './scaler-detail.ts';
import { whatWouldChange } from './what-would-change.ts';

const detail = (change: Partial<ScalerDetail> = {}): ScalerDetail =>
  detailSchema.parse({
    name: 'remote',
    mode: 'active',
    group: 'sluice.remote',
    topics: ['validated'],
    desired: 2,
    ready: 2,
    decided: 3,
    lagKnown: true,
    reason: 'BacklogTooOld',
    message: '5,200 records would take 41 s',
    result: 'scaled',
    groupState: 'Stable',
    members: 2,
    spec: {
      maxAgeSeconds: 10,
      minReplicas: 1,
      maxReplicas: 6,
      profile: 'cost',
      idleSeconds: 300,
      upstream: ['validate'],
    },
    measured: { ...MEASURED, partitions: 6 },
    alternatives: [
      { replicas: 2, verdict: 'rejected', why: 'takes 41 s to drain 5,200 records, 24 s allowed' },
      { replicas: 3, verdict: 'chosen', why: 'drains in 20 s' },
    ],
    conditions: [{ type: 'LagKnown', status: true, reason: 'Read', message: 'every partition was read' }],
    ...change,
  });

test('what was decided, from what, against what', () => {
  const text = renderExplanation(detail()).join('\n');
  expect(text).toMatch(/^remote: scaled from 2 to 3 replicas, 2 ready: BacklogTooOld\n {2}5,200 records/);
  for (const part of [
    'sluice.remote: Stable, 2 members',
    '5,200 records waiting',
    '14 s waited by the oldest; 10 s are allowed',
    '100/s; planned for: 120/s',
    '40/s per replica, from the busy time that replicas commit',
    '250 %',
    'no event older than 10 s, 1 to 6 replicas, profile cost, upstream validate',
    '2  rejected  takes 41 s to drain 5,200 records, 24 s allowed',
    '3  chosen    drains in 20 s',
    'LagKnown  True  Read',
  ])
    expect(text).toContain(part);
});

test.each([
  [{ decided: 2 }, 'remote: stays at 2 replicas, 2 ready'],
  [{ decided: 1, desired: 1, mode: 'paused' as const }, 'remote: stays at 1 replica (paused)'],
  [{ mode: 'paused' as const, result: 'paused' }, 'remote: paused at 2, would have 3 replicas'],
  [{ mode: 'dry-run' as const, result: 'dry-run' }, 'remote: dry run, stays at 2, would have 3 replicas'],
  [{ result: 'failed', error: 'refused' }, 'remote: 2 → 3 replicas (failed)'],
])('what became of it: %j', (change, headline) => {
  expect(renderExplanation(detail(change))[0]).toContain(headline);
});

test('the thresholds of the next and the last level, by the profile', () => {
  const { upper, lower } = PROFILES.cost;
  expect(whatWouldChange(detail())).toEqual([
    expect.stringContaining(`More (6): above ${figure(upper * 3 * 40)}/s`),
    expect.stringContaining(`Fewer (2): when no more than ${figure(lower * 2 * 40)}/s`),
  ]);
});

test.each([
  [{ decided: 6 }, 'More: nothing; the 6 partitions allow no more.'],
  [{ decided: 1 }, 'Fewer: nothing; minReplicas is 1.'],
  [{ mode: 'paused' as const }, 'It is paused: without that, 3 replicas would be set.'],
  [{ mode: 'dry-run' as const }, 'dryRun is on: without that, 3 replicas would be set.'],
  [{ mode: 'paused' as const, decided: 2 }, 'It is paused: without that, nothing would be changed either.'],
])('%j', (change, line) => {
  expect(whatWouldChange(detail(change))).toContain(line);
});

test('a limit that is not of the partitions is named', () => {
  const { spec } = detail();
  const lines = whatWouldChange(detail({ spec: { ...spec, maxReplicas: 3 } }));
  expect(lines).toContain('More: nothing; maxReplicas (3) allow no more.');
});

test('what is not known is shown so, and what would make it known', () => {
  const blind = detail({
    lagKnown: false,
    measured: {},
    decided: 2,
    alternatives: [],
    conditions: [
      { type: 'LagKnown', status: false, reason: 'Unauthorized', message: 'validated/0: refused' },
    ],
  });
  const text = renderExplanation(blind).join('\n');
  expect(text).toContain('remote: stays at 2 replicas');
  expect(text).toMatch(/lag +not known/);
  expect(text).toContain('The lag has to be readable: validated/0: refused.');
  expect(text).toContain('no fallback is set');
  expect(text).not.toContain('Considered');
});
