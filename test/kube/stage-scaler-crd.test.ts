import fc from 'fast-check';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { hasStatus } from '../../operator/kube/kube-error.ts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseStageScaler } from '../../operator/api/parse.ts';
import { stageScalers } from '../../operator/api/stage-scaler.fixture.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { ClusterClient } from './cluster-client.ts';

let namespace: TestNamespace;
let cluster: ClusterClient;
beforeAll(async () => {
  const [kubeconfig, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
  namespace = await createNamespace(loadKubeConfig(kubeconfig));
  cluster = new ClusterClient({ kubeconfig, kubectl, namespace: namespace.name });
  await cluster.installCrd();
});
afterAll(async () => {
  await cluster.close();
  await namespace.delete();
});

describe('the API server refuses, and says why,', () => {
  test.each([
    [
      'minReplicas above maxReplicas',
      { minReplicas: 13 },
      'spec.minReplicas must not be above spec.maxReplicas',
    ],
    [
      'fallback above maxReplicas',
      { fallback: { replicas: 13 } },
      'spec.fallback.replicas must not be above spec.maxReplicas',
    ],
    [
      'an age of nothing',
      { objective: { maxAgeSeconds: 0 } },
      'spec.objective.maxAgeSeconds must be above 0: it is how long an event may wait',
    ],
    ['an age of more than a day', { objective: { maxAgeSeconds: 86_401 } }, 'less than or equal to 86400'],
    ['itself as upstream', { upstream: ['bad'] }, 'spec.upstream must not name this StageScaler itself'],
    ['the same upstream twice', { upstream: ['a', 'a'] }, 'Duplicate value'],
    ['no topics', { kafka: { consumerGroup: 'g', topics: [] } }, 'should have at least 1 items'],
    ['a profile that there is not', { profile: 'fast' }, 'supported values: "cost", "balanced", "stable"'],
    ['kind Http', { scaleTargetRef: { kind: 'Http', name: 'x' } }, 'kind Http is for local mode'],
    ['a capacity of nothing', { capacityHint: 0 }, 'should be greater than 0'],
    ['text for a number', { maxReplicas: 'many' }, 'spec.maxReplicas'],
    ['idleSeconds of nothing', { idleSeconds: 0 }, 'should be greater than or equal to 1'],
  ])('%s', async (_what, spec, message) => {
    await expect(cluster.createScaler('bad', spec)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining(message),
    });
  });

  test('a spec without what it is about', async () => {
    const body = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'StageScaler',
      metadata: { name: 'bad' },
      spec: {},
    };
    await expect(
      cluster.api.request({ method: 'POST', path: cluster.scalers(), body }),
    ).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('spec.objective: Required value'),
    });
  });

  test('a change of the target', async () => {
    await cluster.createScaler('fixed');
    const change = { spec: { scaleTargetRef: { name: 'other' } } };
    await expect(cluster.patch(cluster.scalers('fixed'), change)).rejects.toMatchObject({
      message: expect.stringContaining('delete this StageScaler, which leaves its target as it is'),
    });
    await cluster.patch(cluster.scalers('fixed'), { spec: { maxReplicas: 24 } });
  });

  test('a typo, where kubectl applies a file', async () => {
    const file = ['--dry-run=server', '-f', `${import.meta.dirname}/typo.yaml`];
    await expect(cluster.kubectl('apply', ...file)).rejects.toMatchObject({
      stderr: expect.stringContaining('unknown field "spec.maxReplica"'),
    });
  });
});

test('the API server fills in what the parser fills in', async () => {
  await cluster.createScaler('defaults');
  const stored = await cluster.api.request({ method: 'GET', path: cluster.scalers('defaults') });
  expect(stored).toMatchObject({
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'defaults' },
      kafka: { connection: 'default', offsetReset: 'latest' },
      minReplicas: 1,
      upstream: [],
      profile: 'balanced',
      idleSeconds: 300,
      dryRun: false,
    },
  });
});

test('the API server and the parser accept and refuse the same', async () => {
  const accepted = { yes: 0, no: 0 };
  const path = cluster.scalers();
  const check = async (raw: Record<string, unknown>): Promise<void> => {
    const body = { ...raw, metadata: { name: 'self', namespace: namespace.name } };
    const stored = await cluster.api.request({ method: 'POST', path, query: { dryRun: 'All' }, body }).then(
      () => true,
      (error: unknown) => {
        if (hasStatus(error, 422) || hasStatus(error, 400)) return false;
        throw error;
      },
    );
    accepted[stored ? 'yes' : 'no']++;
    expect({ raw, stored }).toEqual({ raw, stored: parseStageScaler(body, 'cluster').kind === 'valid' });
  };
  await fc.assert(fc.asyncProperty(stageScalers, check), { numRuns: 500 });
  expect(Math.min(accepted.yes, accepted.no)).toBeGreaterThan(20);
});
