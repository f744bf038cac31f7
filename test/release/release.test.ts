import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import { CHART, run } from '../chart/helm.ts';
import { ControlPlane } from '../cluster/control-plane.ts';
import { prepareTools } from '../cluster/tools/prepare-tools.ts';

// Without nodes nothing runs, and no Job that comes before an upgrade would end.
const VALUES = [
  '--values',
  `${CHART}/values-demo.yaml`,
  '--values',
  `${CHART}/values-restricted.yaml`,
  '--set=collector.enabled=true,setup.migrate=false,setup.topics=false,crds.keep=false',
];

let plane: ControlPlane;
let tools: Readonly<Record<string, string>>;

beforeAll(async () => {
  const { cacheDir } = parseLocalConfig(process.env);
  const screen = createScreen(process.stdout);
  tools = await prepareTools(['control-plane', 'chart'], { cacheDir, env: process.env, screen });
  plane = await ControlPlane.start({ tools, env: process.env });
});
afterAll(() => plane?.stop());

async function succeed(tool: 'helm' | 'kubectl', ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(tools[tool]!, [...args, '--kubeconfig', plane.kubeconfig]);
  if (code !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** A namespace that admits nothing but pods that meet the restricted standard. */
async function restrictedNamespace(name: string): Promise<void> {
  await succeed('kubectl', 'create', 'namespace', name);
  await succeed('kubectl', 'label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted');
}

const helm = (verb: 'install' | 'upgrade', namespace: string, ...more: string[]) =>
  succeed('helm', verb, 'demo', CHART, '--namespace', namespace, ...VALUES, ...more);

function field(namespace: string, object: string, path: string): Promise<string> {
  return succeed('kubectl', 'get', object, '--namespace', namespace, `--output=jsonpath={${path}}`);
}

async function names(namespace: string, kinds: string): Promise<string[]> {
  const text = await succeed('kubectl', 'get', kinds, '--namespace', namespace, '--output=name');
  return text.split('\n').filter(Boolean);
}

describe('a release', () => {
  const remote = 'deployment/demo-sluice-remote';
  const scaler = 'stagescaler/demo-sluice-remote';
  let uid = '';

  test('is installed in one step where nothing is known of StageScalers, and every pod is admitted', async () => {
    await restrictedNamespace('shop');
    await helm('install', 'shop');
    expect(await names('shop', 'stagescalers')).toHaveLength(3);
    uid = await field('shop', scaler, '.metadata.uid');
    await expect
      .poll(() => names('shop', 'pods').then((pods) => pods.length), { timeout: 30_000 })
      // api, relay, three stages, simulator, operator, Kafka, Postgres, Jaeger, collector
      .toBe(11);
    const events = await succeed(
      'kubectl',
      'get',
      'events',
      '--namespace',
      'shop',
      '--field-selector=reason=FailedCreate',
    );
    expect(events).toBe('');
  });

  test('is upgraded: StageScalers are taken over as they are, replicas and password are left alone', async () => {
    await succeed('kubectl', 'scale', remote, '--replicas=5', '--namespace', 'shop');
    const password = await field('shop', 'secret/demo-sluice-postgres', '.data.password');
    await helm('upgrade', 'shop', '--set=stages.remote.scaler.maxReplicas=7');
    expect(await field('shop', scaler, '.metadata.uid')).toBe(uid);
    expect(await field('shop', scaler, '.spec.maxReplicas')).toBe('7');
    expect(await field('shop', remote, '.spec.replicas')).toBe('5');
    expect(await field('shop', 'secret/demo-sluice-postgres', '.data.password')).toBe(password);
  });

  test('is rolled back to where they were made by a hook: they are still there', async () => {
    await succeed('helm', 'rollback', 'demo', '1', '--namespace', 'shop');
    expect(await field('shop', scaler, '.spec.maxReplicas')).toBe('12');
    expect(await field('shop', remote, '.spec.replicas')).toBe('5');
  });

  test('is upgraded to have one scaler less: that of the hook is gone, the others are as they were', async () => {
    await helm('upgrade', 'shop', '--set=stages.persist.scaler.enabled=false');
    const left = ['remote', 'validate'].map((stage) => `stagescaler.sluice.dev/demo-sluice-${stage}`);
    expect(await names('shop', 'stagescalers')).toEqual(left);
    expect(await field('shop', 'deployment/demo-sluice-persist', '.spec.replicas')).toBe('1');
    expect(await field('shop', scaler, '.spec.maxReplicas')).toBe('12');
  });

  test('leaves the definition to the release that has it, and says so', async () => {
    await restrictedNamespace('other');
    const owner = 'the definition of StageScaler belongs to release demo in namespace shop';
    await expect(helm('install', 'other')).rejects.toThrow(owner);
    await helm('install', 'other', '--set=crds.enabled=false');
    expect(await names('other', 'stagescalers')).toHaveLength(3);
    await succeed('helm', 'uninstall', 'demo', '--namespace', 'other');
    expect(await names('shop', 'stagescalers')).toHaveLength(2);
  });

  test('leaves its disks, and the password to them, when it is uninstalled', async () => {
    await succeed('helm', 'uninstall', 'demo', '--namespace', 'shop');
    const kinds =
      'deployments,statefulsets,services,secrets,roles,rolebindings,networkpolicies,cronjobs,persistentvolumeclaims';
    expect(await names('shop', kinds)).toEqual([
      'secret/demo-sluice-postgres',
      'persistentvolumeclaim/data-demo-sluice-kafka-0',
      'persistentvolumeclaim/data-demo-sluice-postgres-0',
      'persistentvolumeclaim/demo-sluice-remote-simulator',
    ]);
    expect(await names('shop', 'customresourcedefinitions')).toEqual([]);
  });

  test('finds that password again when it is installed again', async () => {
    const password = await field('shop', 'secret/demo-sluice-postgres', '.data.password');
    await helm('install', 'shop');
    expect(await field('shop', 'secret/demo-sluice-postgres', '.data.password')).toBe(password);
  });

  test('ends its StageScalers, and keeps their definition where it is told to', async () => {
    await helm('upgrade', 'shop', '--set=crds.keep=true');
    await succeed('helm', 'uninstall', 'demo', '--namespace', 'shop');
    expect(await names('shop', 'stagescalers')).toEqual([]);
    expect(await names('shop', 'customresourcedefinitions')).toHaveLength(1);
  });

  test('makes a definition that is left its own, in the way it tells', async () => {
    const told = await helm('install', 'other').catch(String);
    const [, annotate = '', label = ''] = /own: kubectl (annotate .*); kubectl (label .*)/.exec(told) ?? [];
    await succeed('kubectl', ...annotate.split(' '));
    await succeed('kubectl', ...label.split(' '));
    await helm('install', 'other');
    expect(await names('other', 'stagescalers')).toHaveLength(3);
  });
});
