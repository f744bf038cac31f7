import { expect, test } from 'vitest';
import { MEASURED } from '../../loop/loop.fixture.ts';
import { detailFromStatus } from './from-status.ts';
import { renderExplanation } from './render.ts';

const scaler = (status: unknown, annotations = {}) => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'StageScaler',
  metadata: { name: 'orders', namespace: 'shop', annotations },
  spec: {
    scaleTargetRef: { name: 'orders' },
    kafka: { consumerGroup: 'orders', topics: ['orders.placed'] },
    objective: { maxAgeSeconds: 10 },
    maxReplicas: 12,
  },
  status,
});
const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
});

test('what the operator has written is explained like what it says itself', () => {
  const { detail, time } = detailFromStatus(
    scaler({
      currentReplicas: 3,
      readyReplicas: 2,
      reason: 'LoadAboveCapacity',
      lastDecision: {
        time: '2026-01-02T03:04:05Z',
        replicas: 4,
        message: '300/s arrive',
        inputs: { ...MEASURED, partitions: 12 },
        alternatives: [{ replicas: 4, verdict: 'chosen', why: 'drains in 20 s' }],
      },
      conditions: [condition('LagKnown', 'True', 'Read', 'every partition was read')],
    }),
  );
  expect(time).toBe('2026-01-02T03:04:05Z');
  expect(detail).toMatchObject({ name: 'shop/orders', desired: 3, ready: 2, decided: 4, lagKnown: true });
  const text = renderExplanation(detail, 'From its status.').join('\n');
  for (const part of ['3 → 4', '300/s arrive', 'From its status.', '40/s per replica', 'chosen'])
    expect(text).toContain(part);
});

test('one that is refused says why', () => {
  const message = 'the HorizontalPodAutoscaler orders has this target';
  const { detail } = detailFromStatus(
    scaler({
      reason: 'TargetOwnedByHpa',
      conditions: [condition('Ready', 'False', 'TargetOwnedByHpa', message)],
    }),
  );
  const lines = renderExplanation(detail);
  expect(lines.slice(0, 2)).toEqual([expect.stringContaining('TargetOwnedByHpa'), `  ${message}`]);
  expect(lines.join('\n')).not.toContain('?');
});

test.each([
  ['one that nobody has looked at', scaler(undefined), 'Is an operator running'],
  ['one that is paused', scaler({}, { 'sluice.dev/paused': 'true' }), 'nothing was decided'],
])('%s is told so', (_, object, words) => {
  const { detail, time } = detailFromStatus(object);
  expect(time).toBeUndefined();
  expect(renderExplanation(detail).join('\n')).toContain(words);
});

test('what is no StageScaler is refused', () => {
  expect(() => detailFromStatus({ metadata: { name: 'x' } })).toThrow('spec');
});
