import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { STAGE_SCALER_SCHEMAS } from '../../operator/api/spec-schema.ts';
import { parseOperatorConfig } from '../../operator/config/operator-config.ts';
import { parseOptions } from '../../operator/options.ts';
import { topicOf } from '../../services/domain/events.ts';
import { STAGES, consumedBy, groupOf } from '../../services/domain/stages.ts';
import { ORDERS } from '../../services/domain/state-machine.ts';
import type { RenderOptions } from './helm.ts';
import { ROOT, containerOf, pick, render } from './helm.ts';
import type { KubeObject } from './objects.ts';
import { nameOf, podsOf } from './objects.ts';
import { RENDERINGS } from './renderings.ts';

const HA = RENDERINGS['ha'] ?? {};
const byName = (one: string, other: string): number => one.localeCompare(other);

describe.each(Object.entries(RENDERINGS))('%s', (_name, options) => {
  const rendered = render(options);

  test('every StageScaler is one that the operator accepts', async () => {
    const scalers = (await rendered).filter(({ kind }) => kind === 'StageScaler');
    const results = scalers.map((object) => STAGE_SCALER_SCHEMAS.file.safeParse(object));
    expect(results.flatMap(({ error }) => error?.issues ?? [])).toEqual([]);
    expect(scalers.length).toBeGreaterThan(1);
  });

  test('the operator accepts its configuration and its command line', async () => {
    const objects = await rendered;
    const text = pick(objects, 'ConfigMap', 'operator').data?.['config.yaml'] ?? '';
    expect(parseOperatorConfig(text, 'config.yaml').kafka).toHaveProperty('default');
    const [command, ...args] = containerOf(objects, 'Deployment', 'operator').args ?? [];
    expect(command).toBe('operator');
    expect(parseOptions(args).config).toBe('/etc/sluice/operator/config.yaml');
  });
});

test('the operator may do what it says it needs, and nothing else', async () => {
  const text = await readFile(join(ROOT, 'operator', 'kube', 'rbac.yaml'), 'utf8');
  const [rules, election] = parseAllDocuments(text).map((document) => (document.toJS() as KubeObject).rules);
  const own = await render();
  expect(pick(own, 'Role', 'operator').rules).toEqual(rules);
  expect(pick(own, 'Role', 'operator-leader-election').rules).toEqual(election);
  const everywhere = await render({ set: ['operator.watchAllNamespaces=true'] });
  expect(everywhere.find(({ kind }) => kind === 'ClusterRole')?.rules).toEqual(rules);
  expect(pick(everywhere, 'Role', 'operator-leader-election').rules).toEqual(election);
});

test.each(ORDERS.flatMap((order) => STAGES.map((stage) => [stage, order] as const)))(
  'the scaler of %s looks at the topics that it consumes (%s)',
  async (stage, order) => {
    const set = ['pipeline.topicPrefix=x.y', `pipeline.types.payment=${order}`];
    const { kafka } = pick(await render({ set }), 'StageScaler', stage).spec ?? {};
    expect(kafka?.consumerGroup).toBe(groupOf('x.y', stage));
    const consumed = consumedBy(stage, [order]).map((event) => topicOf('x.y', event));
    expect(new Set(kafka?.topics)).toEqual(new Set(consumed));
  },
);

test('a scaler knows whose output it consumes, as long as that is scaled too', async () => {
  const upstream = async (stage: string, set: readonly string[] = []) =>
    pick(await render({ set }), 'StageScaler', stage).spec?.upstream;
  expect(await upstream('validate')).toBeUndefined();
  expect(await upstream('remote')).toEqual(['demo-sluice-validate']);
  expect(await upstream('persist')).toEqual(['demo-sluice-remote']);
  const fanOut = ['pipeline.types.payment=fanOut'];
  expect(await upstream('remote', fanOut)).toBeUndefined();
  expect(await upstream('persist', fanOut)).toEqual(['demo-sluice-remote', 'demo-sluice-validate']);
  expect(await upstream('remote', ['stages.validate.scaler.enabled=false'])).toBeUndefined();
});

describe('StageScalers of a cluster that does not know them yet', () => {
  const ofRemote = async (options: RenderOptions) =>
    (await render(options))
      .filter(({ kind, metadata }) => kind === 'StageScaler' && metadata.name === 'demo-sluice-remote')
      .map(({ metadata }) => metadata.annotations);

  test('are made by a hook, as objects that the next upgrade may take over, and end with the release', async () => {
    const [made, ended, ...more] = await ofRemote({ known: false });
    expect(more).toEqual([]);
    expect(made).toMatchObject({
      'helm.sh/hook': 'post-install,post-upgrade,post-rollback',
      'meta.helm.sh/release-name': 'demo',
      'meta.helm.sh/release-namespace': 'shop',
    });
    expect(ended).toMatchObject({
      'helm.sh/hook': 'pre-delete',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
    });
  });

  test('are plain objects of the release everywhere else', async () => {
    expect(await ofRemote({})).toEqual([undefined]);
  });
});

describe('the Jobs that prepare servers', () => {
  const hooks = async (options: RenderOptions) =>
    Object.fromEntries(
      (await render(options))
        .filter(({ kind }) => kind === 'Job')
        .map(({ metadata }) => [metadata.name, metadata.annotations?.['helm.sh/hook']]),
    );
  const before = {
    'demo-sluice-migrate': 'pre-install,pre-upgrade',
    'demo-sluice-topics': 'pre-install,pre-upgrade',
  };

  test('wait beside the servers that a first installation brings', async () => {
    expect(await hooks({})).toEqual({
      'demo-sluice-migrate-install': undefined,
      'demo-sluice-topics-install': undefined,
    });
  });

  test('run before an upgrade', async () => {
    expect(await hooks({ upgrade: true })).toEqual(before);
  });

  test('run before anything else where the servers are not part of the release', async () => {
    expect(await hooks(HA)).toEqual(before);
  });

  test.each(['migrate', 'topics'])(
    '%s needs nothing of the release when it comes before that',
    async (name) => {
      const objects = await render({ ...HA, upgrade: true });
      const job = podsOf(objects).find((pod) => pod.name === `Job demo-sluice-${name}`);
      expect(job?.container.envFrom).toBeUndefined();
      expect(JSON.stringify(job?.spec.volumes)).not.toContain('configMap');
    },
  );

  test('demo accounts are made in another database only where that is asked for', async () => {
    const own = containerOf(await render(), 'Job', 'migrate-install');
    expect(own.args).toEqual(['migrate', '--demo-accounts', '1000']);
    expect(containerOf(await render(HA), 'Job', 'migrate').args).toEqual(['migrate']);
    const set = [...(HA.set ?? []), 'external.postgres.demoAccounts=50'];
    const other = containerOf(await render({ ...HA, set }), 'Job', 'migrate');
    expect(other.args).toEqual(['migrate', '--demo-accounts', '50']);
  });
});

test('what helm test runs is a Pod: helm test --logs looks for one by the name of the hook', async () => {
  const tests = (await render()).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test');
  expect(tests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Pod demo-sluice-test']);
});

test('the books of the simulator last as long as the database that they have to agree with', async () => {
  const claim = pick(await render(), 'PersistentVolumeClaim', 'remote-simulator');
  expect(claim.metadata.annotations?.['helm.sh/resource-policy']).toBe('keep');
  const volume = { name: 'ledger', persistentVolumeClaim: { claimName: 'demo-sluice-remote-simulator' } };
  const simulator = podsOf(await render()).find(({ component }) => component === 'remote-simulator');
  expect(simulator?.spec.volumes).toContainEqual(volume);
});

describe('secrets', () => {
  test('are referred to, and stand in no object but their own', async () => {
    const objects = await render({ set: ['postgres.auth.password=hush-hush'] });
    const encoded = Buffer.from('hush-hush').toString('base64');
    const holders = objects.filter((object) => {
      const text = JSON.stringify(object);
      return text.includes('hush-hush') || text.includes(encoded);
    });
    expect(holders.map(nameOf)).toEqual(['Secret demo-sluice-postgres']);
  });

  test('of your Kafka reach every process that talks to it', async () => {
    const objects = await render(HA);
    const holders = podsOf(objects).filter(({ spec }) =>
      JSON.stringify(spec.volumes).includes('kafka-secrets'),
    );
    const components = holders.map(({ component }) => component).sort(byName);
    expect(components).toEqual(['operator', 'persist', 'relay', 'remote', 'topics', 'validate']);
    const text = pick(objects, 'ConfigMap', 'operator').data?.['config.yaml'] ?? '';
    expect(parse(text)).toMatchObject({
      kafka: {
        default: {
          brokers: ['events-kafka-bootstrap:9093'],
          tls: { caFile: '/etc/sluice/kafka/ca.crt' },
          sasl: {
            mechanism: 'scram-sha-512',
            username: 'sluice',
            password: { file: '/etc/sluice/kafka/password' },
          },
        },
      },
    });
  });
});

describe('images', () => {
  test.each([
    [[], 'sluice:0.1.0'],
    [['image.registry=ghcr.io', 'image.repository=me/sluice', 'image.tag=dev'], 'ghcr.io/me/sluice:dev'],
    [['image.tag=dev', `image.digest=sha256:${'a'.repeat(64)}`], `sluice:dev@sha256:${'a'.repeat(64)}`],
  ])('%s', async (set, expected) => {
    expect(containerOf(await render({ set }), 'Deployment', 'api').image).toBe(expected);
  });

  test('of other people can be swapped by name alone', async () => {
    const set = ['kafka.image.repository=localhost/kafka', 'kafka.image.tag=4.3.1', 'kafka.image.digest='];
    expect(containerOf(await render({ set }), 'StatefulSet', 'kafka').image).toBe('localhost/kafka:4.3.1');
  });
});
