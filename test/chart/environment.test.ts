import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import * as config from '../../services/config.ts';
import { STAGES } from '../../services/domain/stages.ts';
import { parseSimulatorConfig } from '../../services/remote-simulator/config.ts';
import { render } from './helm.ts';
import type { Container, KubeObject, OwnedPod } from './objects.ts';
import { podsOf } from './objects.ts';
import { RENDERINGS } from './renderings.ts';

/** Read by Node, by tracing, or by the kubelet, which puts variables together. */
const NOT_OURS = /^(NODE_OPTIONS|OTEL_.+|DATABASE_PASSWORD|DATABASE_BASE_URL)$/;

/** Files of Secrets are there in a pod only. */
const readable = (): boolean => true;

const common = { ...config.adminConfig, ...config.logConfig, ...config.startConfig };
const pipeline = {
  ...config.brokerConfig,
  ...config.databaseConfig,
  ...config.typesConfig,
  ...config.remoteConfig,
};
const SHAPES: Readonly<Record<string, z.ZodRawShape>> = {
  api: { ...common, ...pipeline, ...config.apiConfig },
  relay: { ...common, ...pipeline, ...config.relayConfig },
  ...Object.fromEntries(STAGES.map((stage) => [stage, { ...common, ...pipeline, ...config.stageConfig }])),
};
const SECRETS: Readonly<Record<string, string>> = {
  DATABASE_PASSWORD: 'from-a-secret',
  DATABASE_BASE_URL: 'postgresql://user:from-a-secret@db:5432/x',
  DATABASE_URL: 'postgresql://user:from-a-secret@db:5432/x',
};

/** What a container's process finds in its environment. */
function environmentOf(objects: readonly KubeObject[], container: Container): Record<string, string> {
  const maps = (container.envFrom ?? []).map(({ configMapRef }) =>
    objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name),
  );
  const own = (container.env ?? []).map(({ name, value }) => [name, value ?? SECRETS[name] ?? '']);
  const env: Record<string, string> = Object.assign(
    {},
    ...maps.map((map) => map?.data),
    Object.fromEntries(own),
  );
  for (const [name, value] of Object.entries(env))
    env[name] = value.replace(/\$\((\w+)\)/g, (_match, other: string) => env[other] ?? '');
  return env;
}

describe.each(Object.entries(RENDERINGS))('%s', (_name, options) => {
  const rendered = render(options);
  const processes = rendered.then((objects) =>
    podsOf(objects.filter(({ kind }) => kind === 'Deployment'))
      .filter(({ component }) => component in SHAPES)
      .map((pod: OwnedPod) => ({ ...pod, env: environmentOf(objects, pod.container) })),
  );

  test('every process accepts its environment', async () => {
    const parsed = (await processes).map(({ component, container, env }) => {
      const [command, stage] = container.args ?? [];
      const given = command === 'stage' ? { ...env, STAGE: stage } : env;
      return config.parseConfig(SHAPES[component]!, given, readable);
    });
    expect(parsed.map((settings) => settings['ADMIN_PORT'])).toEqual([9464, 9464, 9464, 9464, 9464]);
  });

  test('no variable is one that nobody reads', async () => {
    const unread = (await processes).flatMap(({ component, env }) =>
      Object.keys(env)
        .filter((name) => !(name in SHAPES[component]!) && !NOT_OURS.test(name))
        .map((name) => `${component}: ${name}`),
    );
    expect(unread).toEqual([]);
  });
});

test('the simulator accepts its environment', async () => {
  const objects = await render({ set: ['remoteSimulator.latencyMs=100', 'remoteSimulator.capacity=7'] });
  const simulator = podsOf(objects).find(({ component }) => component === 'remote-simulator')!;
  expect(parseSimulatorConfig(environmentOf(objects, simulator.container))).toMatchObject({
    port: 8090,
    adminPort: 9464,
    ledgerFile: '/var/lib/sluice/ledger.jsonl',
    settings: { meanMs: 100, capacity: 7 },
  });
});

test('numbers from a file of values reach the processes as integers', async () => {
  const objects = await render({ set: ['remote.timeoutMs=600000', 'stageDefaults.window=100000'] });
  const remote = podsOf(objects).find(({ component }) => component === 'remote')!;
  expect(environmentOf(objects, remote.container)).toMatchObject({
    REMOTE_TIMEOUT_MS: '600000',
    STAGE_WINDOW: '100000',
  });
});
