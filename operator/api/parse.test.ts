import { expect, test } from 'vitest';
import { parseStageScaler } from './parse.ts';
import { stageScaler } from './stage-scaler.fixture.ts';

const valid = (raw: unknown, origin: 'cluster' | 'file' = 'cluster') => {
  const parsed = parseStageScaler(raw, origin);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  return parsed.scaler;
};
const spec = stageScaler({})['spec'] as Record<string, unknown>;

test('a StageScaler becomes what is decided, what is read and what is scaled', () => {
  expect(valid(stageScaler({ spec: { ...spec, upstream: ['validate'] } }))).toEqual({
    spec: {
      name: 'default/self',
      maxAgeSeconds: 10,
      minReplicas: 1,
      maxReplicas: 24,
      upstream: ['default/validate'],
      profile: 'balanced',
      idleSeconds: 300,
      fallback: undefined,
      capacityHint: undefined,
      offsetReset: 'latest',
    },
    lag: {
      scaler: 'default/self',
      connection: 'default',
      consumerGroup: 'sluice.remote',
      topics: ['transactions.validated'],
    },
    target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'remote' },
    dryRun: false,
    paused: false,
  });
});

test.each([
  ['true', true],
  ['false', false],
  ['', false],
])('the annotation with the value %j pauses: %j', (value, paused) => {
  const annotations = { 'sluice.dev/paused': value };
  expect(valid(stageScaler({ metadata: { annotations } })).paused).toBe(paused);
});

test('a file has no namespace, may scale by HTTP, and has no typos', () => {
  const fromFile = (change: object) => {
    const raw = stageScaler({ spec: { ...spec, ...change } });
    return { ...raw, metadata: { name: 'self' } };
  };
  const scaler = valid(
    fromFile({ scaleTargetRef: { kind: 'Http', name: 'remote' }, upstream: ['v'] }),
    'file',
  );
  expect(scaler.spec).toMatchObject({ name: 'self', upstream: ['v'] });
  expect(scaler.target).toMatchObject({ kind: 'Http', name: 'remote' });
  expect(parseStageScaler(fromFile({ maxReplica: 3 }), 'file')).toMatchObject({
    kind: 'invalid',
    problems: [expect.stringContaining('maxReplica')],
  });
});

test('the API server may know fields that this operator does not', () => {
  expect(parseStageScaler(stageScaler({ spec: { ...spec, ofTomorrow: 1 } }), 'cluster').kind).toBe('valid');
});

test.each([undefined, null, 7, 'x', [], {}, { metadata: {} }])('%j is told, not thrown', (raw) => {
  expect(parseStageScaler(raw, 'cluster').kind).toBe('invalid');
  expect(parseStageScaler(raw, 'file').kind).toBe('invalid');
});
