import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseLocalConfig } from '../../services/local/config.ts';
import { processorGroup } from '../cluster/node/namespaces.ts';
import { nodeDirectory } from '../cluster/node/node-directory.ts';
import { scriptPod, scriptPodSpec } from '../cluster/pod-objects.ts';
import { eventually } from './cluster/eventually.ts';
import { Kubectl } from './cluster/kubectl.ts';

// What everything else on the cluster stands on. Where one of these fails, look here first.

const cluster = inject('WORKLOAD_CLUSTER');
const { nodeImage: image, kubeconfig, kubectl: command } = cluster;
const namespace = `node-${randomBytes(3).toString('hex')}`;
const kubectl = new Kubectl({ command, kubeconfig, namespace });
const MINUTE_MS = 60_000;

const run = (...args: readonly string[]): Promise<string> => kubectl.run(args);
/** A field of an object, empty when it is not there. */
const field = (object: string, path: string): Promise<string> =>
  run('get', object, `--output=jsonpath={${path}}`);
const apply = (...items: readonly object[]) => kubectl.apply({ apiVersion: 'v1', kind: 'List', items });

beforeAll(async () => {
  await run('create', 'namespace', namespace);
  await run('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  await eventually('the service account', () =>
    run('get', 'serviceaccount', 'default').then(
      () => true,
      () => false,
    ),
  );
  await apply(...WEB);
});
afterAll(() => run('delete', 'namespace', namespace, '--wait=false'));

const SERVER = `
  const name = require('node:os').hostname();
  const server = require('node:http').createServer((request, response) => response.end('hello from ' + name));
  server.listen(8080, () => console.log('listening'));
  process.on('SIGTERM', () => process.exit(0));
`;

const labels = { app: 'web' };
const WEB = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: scriptPodSpec({ name: 'web', image, script: SERVER, port: 8080 }),
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  },
];

/** Runs a script in a pod to its end; resolves to what it has written. */
async function runPod(
  name: string,
  script: string,
  more: { serviceAccountName?: string; claim?: string } = {},
) {
  await apply(scriptPod({ name, image, script, ...more }));
  const phase = () => field(`pod/${name}`, '.status.phase');
  const ended = async () => ['Succeeded', 'Failed'].includes(await phase());
  await eventually(`the end of ${name}`, ended, MINUTE_MS);
  expect(await phase()).toBe('Succeeded');
  return run('logs', name);
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return response.text();
}

test('every node is ready', async () => {
  const states = await field('nodes', '.items[*].status.conditions[?(@.type=="Ready")].status');
  expect(new Set(states.split(' '))).toEqual(new Set(['True']));
});

test('a Deployment gets ready where only restricted pods are admitted, and its Service has a name', async () => {
  await run('rollout', 'status', 'deployment/web', '--timeout=60s');
  const script = `
    (async () => {
      const names = new Set();
      for (let asked = 0; asked < 40; asked++)
        names.add(await (await fetch('http://web.${namespace}.svc', { headers: { connection: 'close' } })).text());
      console.log(names.size, [...names].every((name) => name.startsWith('hello from web-')));
    })();
  `;
  expect(await runPod('caller', script)).toBe('2 true\n');
});

test('exec, logs and port-forward', async () => {
  const shown = await run('exec', 'deployment/web', '--', 'node', '-p', 'process.getuid()');
  expect(shown).toBe('1000\n');
  expect(await run('logs', 'deployment/web')).toBe('listening\n');
  const forward = await kubectl.forward('service/web', 80);
  try {
    expect(await ask(forward.url)).toMatch(/^hello from web-/);
  } finally {
    forward.stop();
  }
});

test.runIf(cluster.reachable)('this machine reaches Services, node ports and pods', async () => {
  const [service, port, pod, node] = await Promise.all([
    field('service/web', '.spec.clusterIP'),
    field('service/web', '.spec.ports[0].nodePort'),
    field('pods', '.items[?(@.metadata.labels.app=="web")].status.podIP'),
    field('nodes', '.items[0].status.addresses[?(@.type=="InternalIP")].address'),
  ]);
  for (const address of [service, `${pod.split(' ')[0]}:8080`, `${node}:${port}`])
    expect(await ask(`http://${address}`)).toMatch(/^hello from web-/);
});

test.runIf(cluster.kind === 'node')('a pod reaches nothing outside of this machine', async () => {
  const script = `fetch('http://192.0.2.77').catch((error) => console.log(error.cause.code))`;
  expect(await runPod('outside', script)).toMatch(/^E(NET|HOST)UNREACH\n$/);
});

test.runIf(cluster.kind === 'node')(
  'neither pods nor what runs them starve beside the rest of the machine',
  async () => {
    const { node, system } = processorGroup(nodeDirectory(parseLocalConfig(process.env).cacheDir));
    const shares = async (path: string) => Number(await readFile(join(path, 'cpu.shares'), 'utf8'));
    const members = await readFile(join(system, 'cgroup.procs'), 'utf8');
    const names = await Promise.all(
      members
        .trim()
        .split('\n')
        .map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')),
    );
    expect(names.map((name) => name.trim())).toEqual(
      expect.arrayContaining(['etcd', 'kube-apiserver', 'kubelet', 'containerd']),
    );
    expect(await shares(join(node, 'kubepods'))).toBeGreaterThanOrEqual(await shares(system));
    expect(await shares(node)).toBeGreaterThan(1_024);
  },
);

test('a Job calls the API server by its name, with the token and the rights of its service account', async () => {
  const subject = { kind: 'ServiceAccount', name: 'reader' };
  const script = `
    const { readFileSync } = require('node:fs');
    const directory = '/var/run/secrets/kubernetes.io/serviceaccount/';
    const token = readFileSync(directory + 'token', 'utf8');
    const ask = (kind) => new Promise((resolve, reject) => {
      const options = {
        ca: readFileSync(directory + 'ca.crt'),
        headers: { authorization: 'Bearer ' + token },
      };
      const url = 'https://kubernetes.default.svc/api/v1/namespaces/${namespace}/' + kind;
      require('node:https').get(url, options, ({ statusCode }) => resolve(statusCode)).on('error', reject);
    });
    (async () => console.log(await ask('pods'), await ask('secrets')))().finally(() => process.exit());
  `;
  const spec = scriptPodSpec({ name: 'reader', image, script, serviceAccountName: 'reader' });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  const rbac = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: 'reader' };
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
  const template = { spec: { ...spec, restartPolicy: 'Never' } };
  await apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: rbac, kind: 'Role', metadata, rules },
    { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef, subjects: [subject] },
    { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { backoffLimit: 0, template } },
  );
  await run('wait', 'job/reader', '--for=condition=Complete', '--timeout=60s');
  expect(await run('logs', 'job/reader')).toBe('200 403\n');
});

test('a volume keeps what it holds over the end of a pod, and is free again without its claim', async () => {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await apply(claim);
  await runPod('writer', `require('node:fs').writeFileSync('/data/file', 'kept')`, { claim: 'data' });
  await run('delete', 'pod/writer');
  const read = `console.log(require('node:fs').readFileSync('/data/file', 'utf8'))`;
  expect(await runPod('reader', read, { claim: 'data' })).toBe('kept\n');
  const volume = await field('persistentvolumeclaim/data', '.spec.volumeName');
  await run('delete', 'pod/reader', 'persistentvolumeclaim/data');
  const phase = () => field(`persistentvolume/${volume}`, '.status.phase').catch(() => 'gone');
  await eventually('the volume', async () => ['Available', 'gone'].includes(await phase()), MINUTE_MS);
});

test('a container that takes more memory than it may is ended, and that is said', async () => {
  const script = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));';
  await apply(scriptPod({ name: 'greedy', image, script, memory: '96Mi' }));
  const path = '.status.containerStatuses[0].state.terminated.reason';
  await eventually('its end', () => field('pod/greedy', path).then(Boolean), MINUTE_MS);
  expect(await field('pod/greedy', path)).toBe('OOMKilled');
});
