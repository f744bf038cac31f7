import { expect, test } from 'vitest';
import type { KubeApi, KubeRequest } from './kube-api.ts';
import { KubeError } from './kube-error.ts';
import { createScaleTarget, createWorkloadTarget } from './scale-target.ts';
import type { SupervisedInformer } from './supervised-informer.ts';
import type { Workload } from './workload.ts';
import { keepWorkload } from './workload.ts';

const workload: Workload = {
  uid: 'u',
  resourceVersion: '7',
  desired: 3,
  ready: 2,
  revision: 'r',
  scaledBy: undefined,
};

/** Answers each request with what `reply` gives or throws, and remembers them. */
function fakeApi(reply: (request: KubeRequest) => unknown) {
  const requests: KubeRequest[] = [];
  const request = async (one: KubeRequest): Promise<unknown> => {
    requests.push(one);
    return reply(one);
  };
  return { requests, request } as unknown as KubeApi & { requests: KubeRequest[] };
}

function target(api: KubeApi, state: { workload?: Workload; brokenMs?: number; within?: number } = {}) {
  const workloads = {
    get: () => ('workload' in state ? state.workload : workload),
    brokenMs: () => state.brokenMs ?? 0,
  } as unknown as SupervisedInformer<Workload | undefined>;
  return createWorkloadTarget({
    api,
    workloads,
    name: 'Deployment remote',
    key: 'default/remote',
    path: async () => '/d/remote',
    writeWithinMs: () => state.within ?? 5_000,
  });
}

const scaleOf = (replicas: number, resourceVersion = '8') => ({
  metadata: { resourceVersion },
  spec: { replicas },
  status: { replicas },
});

test('what is read is what the informer has', async () => {
  const api = fakeApi(() => undefined);
  await expect(target(api).read()).resolves.toMatchObject({ desired: 3, ready: 2, revision: 'r' });
  expect(api.requests).toEqual([]);
});

test('what has not been heard of for a minute is not known', async () => {
  const read = target(
    fakeApi(() => undefined),
    { brokenMs: 61_000 },
  ).read();
  await expect(read).rejects.toMatchObject({ code: 'unreachable' });
});

test('what does not exist is missing', async () => {
  const absent = { workload: undefined } as unknown as { workload?: Workload };
  await expect(
    target(
      fakeApi(() => undefined),
      absent,
    ).read(),
  ).rejects.toMatchObject({ code: 'missing' });
});

test('a scaling is one patch of the scale subresource, with the version it was decided from', async () => {
  const api = fakeApi(() => scaleOf(6));
  const one = target(api);
  await one.read();
  await one.scale(6);
  expect(api.requests).toEqual([
    expect.objectContaining({
      method: 'PATCH',
      path: '/d/remote/scale',
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: '7' }, spec: { replicas: 6 } },
    }),
  ]);
});

test('what was written counts until the informer has heard of it, or of something later', async () => {
  const state = { workload: { ...workload, resourceVersion: '99' } };
  const one = target(
    fakeApi(() => scaleOf(6, '101')),
    state,
  );
  await one.read();
  await one.scale(6);
  expect(await one.read()).toMatchObject({ desired: 6, resourceVersion: '101' });
  // A pod has become ready; of the scaling nothing has been heard yet.
  state.workload = { ...state.workload, resourceVersion: '100', ready: 3 };
  expect(await one.read()).toMatchObject({ desired: 6, ready: 3 });
  state.workload = { ...state.workload, resourceVersion: '102', desired: 4 };
  expect(await one.read()).toMatchObject({ desired: 4, resourceVersion: '102' });
});

test('a conflict over something else is repeated with the new version, one over the replicas is not', async () => {
  let desired = 3;
  const reply = ({ method, body }: KubeRequest): unknown => {
    const { metadata } = (body ?? { metadata: {} }) as { metadata: { resourceVersion?: string } };
    if (method === 'PATCH' && metadata.resourceVersion === '7')
      throw new KubeError({ status: 409, message: 'modified' });
    return scaleOf(desired);
  };
  const api = fakeApi(reply);
  const one = target(api);
  await one.read();
  await one.scale(6);
  expect(api.requests.map(({ method }) => method)).toEqual(['PATCH', 'GET', 'PATCH']);
  desired = 5;
  await expect(one.scale(6)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('from 3 to 5'),
  });
});

test('who does not lead writes nothing', async () => {
  const api = fakeApi(() => scaleOf(6));
  const one = target(api, { within: 0 });
  await one.read();
  await expect(one.scale(6)).rejects.toMatchObject({ code: 'refused' });
  expect(api.requests).toEqual([]);
});

test('a kind that is not followed is asked for every few seconds, not at every look', async () => {
  const api = fakeApi(() => scaleOf(3));
  const path = async () => '/r/remote';
  const one = createScaleTarget({ api, name: 'n', key: 'k', path, writeWithinMs: () => 5_000 });
  for (let look = 0; look < 5; look++) await one.read();
  expect(api.requests.length).toBe(1);
  await one.scale(4);
  await one.read();
  expect(api.requests.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET']);
});

test('of a workload is kept who set its replicas last, and a revision that only its pods change', () => {
  const object = (replicas: number, image: string, manager: string) => ({
    metadata: {
      name: 'd',
      namespace: 'n',
      uid: 'u',
      generation: 1,
      creationTimestamp: '',
      resourceVersion: '1',
      managedFields: [
        { manager: 'helm', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:spec': { 'f:template': {} } } },
        { manager, time: '2026-01-01T00:00:01Z', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
      ],
    },
    spec: { replicas, template: { spec: { containers: [{ image }] } } },
  });
  const one = keepWorkload(object(1, 'a', 'kubectl'));
  expect(one).toMatchObject({ desired: 1, ready: 0, scaledBy: 'kubectl' });
  expect(keepWorkload(object(5, 'a', 'x'))?.revision).toBe(one?.revision);
  expect(keepWorkload(object(1, 'b', 'x'))?.revision).not.toBe(one?.revision);
});
