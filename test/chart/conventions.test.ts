import { describe, expect, test } from 'vitest';
import { render } from './helm.ts';
import type { Labels, OwnedPod } from './objects.ts';
import { has, nameOf, namesAt, offenders, podsOf } from './objects.ts';
import { RENDERINGS } from './renderings.ts';

/** From the signal to the end of a process at the latest: otel/lifecycle.ts. */
const STOP_SECONDS = 25;
/** How far a heap may fill its container: the rest is code, buffers and the young generation. */
const HEAP_SHARE = 0.75;
const CHANGING_LABELS = ['app.kubernetes.io/version', 'helm.sh/chart'];
const ALLOWED_VOLUMES = ['emptyDir', 'configMap', 'secret', 'projected', 'persistentVolumeClaim'];
/** What values-ha.yaml names of the user's. */
const GIVEN_SECRETS = ['events-cluster-ca-cert', 'sluice', 'sluice-db-app', 'sluice-db-ca'];

const isOurs = ({ container }: OwnedPod): boolean => container.image.startsWith('sluice:');
const covers = (selector: object, labels: Labels): boolean => has(labels, selector);

describe.each(Object.entries(RENDERINGS))('%s', (_name, options) => {
  const rendered = render(options);
  const allPods = rendered.then(podsOf);
  const processes = rendered.then((objects) =>
    podsOf(objects.filter(({ kind }) => kind === 'Deployment')).filter(isOurs),
  );

  test('every pod meets the restricted pod security standard, and has a read-only root file system', async () => {
    const pods = await allPods;
    expect(pods.length).toBeGreaterThan(7);
    expect(
      offenders(
        pods,
        ({ spec, container }) =>
          has(spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }) &&
          (spec.securityContext?.runAsUser ?? 0) > 0 &&
          has(container.securityContext, {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          }),
      ),
    ).toEqual([]);
  });

  test('no pod reaches into its host', async () => {
    const pods = await allPods;
    const isApart = ({ spec, container }: OwnedPod): boolean =>
      !('hostNetwork' in spec || 'hostPID' in spec || 'hostIPC' in spec) &&
      (container.ports ?? []).every(({ hostPort }) => hostPort === undefined) &&
      spec.volumes.every((volume) => ALLOWED_VOLUMES.some((kind) => kind in volume));
    expect(offenders(pods, isApart)).toEqual([]);
  });

  test('only the operator gets a token', async () => {
    const withToken = (await allPods).filter(({ spec }) => spec.automountServiceAccountToken !== false);
    expect(withToken.map(({ component }) => component)).toEqual(['operator']);
  });

  test('every container has requests and a limit of memory', async () => {
    const some = { requests: { cpu: /\d/, memory: /\d/ }, limits: { memory: /\d/ } };
    expect(offenders(await allPods, ({ container }) => has(container.resources, some))).toEqual([]);
  });

  test("the heap ends below the container's limit", async () => {
    const fits = ({ container }: OwnedPod): boolean => {
      const flags = container.env?.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
      const heapMiB = Number(/--max-old-space-size=(\d+)/.exec(flags)?.[1]);
      const limitMiB = Number(/^(\d+)Mi$/.exec(container.resources?.limits?.['memory'] ?? '')?.[1]);
      return heapMiB / limitMiB <= HEAP_SHARE;
    };
    expect(offenders((await allPods).filter(isOurs), fits)).toEqual([]);
  });

  test("other people's images are named by tag and digest", async () => {
    const others = (await allPods).filter((pod) => !isOurs(pod));
    const isPinned = ({ container }: OwnedPod) => /:[^:@]+@sha256:[0-9a-f]{64}$/.test(container.image);
    expect(offenders(others, isPinned)).toEqual([]);
  });

  test('what the operator scales has no replicas of its own; everything else has', async () => {
    const objects = await rendered;
    const scalers = objects.filter(({ kind }) => kind === 'StageScaler');
    const scaled = scalers.map(({ spec }) => spec?.scaleTargetRef?.name);
    const deployments = objects.filter(({ kind }) => kind === 'Deployment');
    const free = deployments.filter(({ spec }) => spec?.replicas === undefined);
    expect(new Set(free.map(({ metadata }) => metadata.name))).toEqual(new Set(scaled));
  });

  test('objects carry the recommended labels', async () => {
    const labels = {
      'app.kubernetes.io/name': 'sluice',
      'app.kubernetes.io/instance': 'demo',
      'app.kubernetes.io/component': /^[a-z-]+$/,
      'app.kubernetes.io/version': /^\d/,
      'app.kubernetes.io/managed-by': 'Helm',
      'app.kubernetes.io/part-of': 'sluice',
      'helm.sh/chart': /^sluice-\d/,
    };
    const named = (await rendered).map((object) => ({ ...object, name: nameOf(object) }));
    expect(offenders(named, ({ metadata }) => has(metadata.labels, labels))).toEqual([]);
  });

  test('pods and selectors carry only labels that stay: a new chart alone starts no pod anew', async () => {
    const stays = ({ selector, metadata }: OwnedPod): boolean =>
      covers(selector, metadata.labels) && CHANGING_LABELS.every((label) => !(label in metadata.labels));
    // The pod of `helm test` is no template: it is made anew each time.
    const templates = (await allPods).filter(({ name }) => !name.startsWith('Pod '));
    expect(offenders(templates, stays)).toEqual([]);
  });

  test('processes are asked on a port of their own', async () => {
    const isAsked = ({ container }: OwnedPod): boolean =>
      has(container.readinessProbe, { httpGet: { path: '/readyz', port: 'admin' } }) &&
      has(container.livenessProbe, { httpGet: { path: '/livez', port: 'admin' } }) &&
      (container.ports ?? []).some(({ name, containerPort }) => name === 'admin' && containerPort === 9464);
    expect(offenders(await processes, isAsked)).toEqual([]);
  });

  test('who answers late is not taken out of its Service', async () => {
    const isPatient = ({ container }: OwnedPod): boolean =>
      has(container.readinessProbe, { timeoutSeconds: 10 });
    expect(offenders(await processes, isPatient)).toEqual([]);
  });

  test('processes have time to drain', async () => {
    const hasTime = ({ spec, container }: OwnedPod): boolean => {
      const drain = container.env?.find(({ name }) => name === 'API_DRAIN_MS')?.value ?? '0';
      return (spec.terminationGracePeriodSeconds ?? 0) > STOP_SECONDS + Number(drain) / 1_000;
    };
    expect(offenders(await processes, hasTime)).toEqual([]);
  });

  test('processes start anew when their configuration changes, and are spread', async () => {
    const isUsual = ({ metadata, spec }: OwnedPod): boolean =>
      has(metadata.annotations, { 'checksum/config': /^[0-9a-f]{64}$/ }) &&
      spec.topologySpreadConstraints?.length === 1;
    expect(offenders(await processes, isUsual)).toEqual([]);
  });

  test('what is referred to is there, or is named by the user', async () => {
    const objects = await rendered;
    const there = (kind: string): string[] =>
      objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
    const maps = there('ConfigMap');
    const secrets = [...there('Secret'), ...GIVEN_SECRETS];
    const accounts = there('ServiceAccount');
    const claims = there('PersistentVolumeClaim');
    const missing = podsOf(objects).flatMap(({ name, spec }) => {
      const account = spec.serviceAccountName;
      const wanted = [
        ...namesAt(spec, ['configMapRef', 'configMap'], 'name').filter((one) => !maps.includes(one)),
        ...namesAt(spec, ['secretKeyRef', 'secret'], 'name').filter((one) => !secrets.includes(one)),
        ...namesAt(spec, ['secret'], 'secretName').filter((one) => !secrets.includes(one)),
        ...namesAt(spec, ['persistentVolumeClaim'], 'claimName').filter((one) => !claims.includes(one)),
        ...(account === undefined || accounts.includes(account) ? [] : [account]),
      ];
      return wanted.map((one) => `${name}: ${one}`);
    });
    expect(missing).toEqual([]);
  });

  test('no two objects share a name', async () => {
    // A StageScaler that a hook makes is ended by another hook, under the same name.
    const lasting = (await rendered).filter(
      ({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== 'pre-delete',
    );
    const names = lasting.map(nameOf);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('a budget never forbids every eviction', async () => {
    const budgets = (await rendered).filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets.length).toBeGreaterThan(0);
    expect(budgets.map(({ spec }) => spec?.maxUnavailable)).not.toContain(0);
  });

  test('a Service leads to a port that a pod has', async () => {
    const objects = await rendered;
    const pods = podsOf(objects);
    const services = objects.filter(({ kind }) => kind === 'Service');
    const dead = services.filter(({ spec }) => {
      const behind = pods.filter(({ metadata }) => covers(spec?.selector ?? {}, metadata.labels));
      const open = behind.flatMap(({ container }) => container.ports ?? []).map(({ name }) => name);
      return !(spec?.ports ?? []).every(({ targetPort }) => open.includes(targetPort));
    });
    expect(dead.map(nameOf)).toEqual([]);
    expect(services.length).toBeGreaterThan(0);
  });
});
