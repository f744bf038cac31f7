import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseLocalConfig } from '../../services/local/config.ts';
import { run, template, tool } from './helm.ts';
import { SCHEMA_LOCATION, kubernetesSchemas, writeStageScalerSchema } from './kubernetes-schemas.ts';
import { RENDERINGS } from './renderings.ts';

/** Kinds of operators that are not part of Kubernetes, nor of this chart. */
const FOREIGN = ['PodMonitor', 'ServiceMonitor', 'PrometheusRule'];

let directory = '';

beforeAll(async () => {
  const { cacheDir } = parseLocalConfig(process.env);
  directory = await mkdtemp(join(tmpdir(), 'sluice-schemas-'));
  await cp(await kubernetesSchemas(cacheDir, process.env), directory, { recursive: true });
  await writeStageScalerSchema(directory);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function check(manifests: string): Promise<{ errors: string[]; valid: number; skipped: number }> {
  const args = [
    '-output',
    'json',
    '-summary',
    '-skip',
    FOREIGN.join(','),
    '-schema-location',
    join(directory, SCHEMA_LOCATION),
  ];
  const { stdout, stderr } = await run(tool('kubeconform'), args, manifests);
  const { resources, summary } = JSON.parse(stdout || stderr) as {
    resources: { kind: string; name: string; msg: string }[];
    summary: { valid: number; skipped: number };
  };
  return { ...summary, errors: resources.map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`) };
}

test.each(Object.entries(RENDERINGS))(
  '%s: every field is one that Kubernetes knows',
  async (_name, options) => {
    const { stdout } = await template(options);
    const { errors, valid, skipped } = await check(stdout);
    expect(errors).toEqual([]);
    expect(valid).toBeGreaterThan(25);
    expect(skipped).toBeLessThanOrEqual(2);
  },
);

test.each([
  ['a field that does not exist', ['api.resources.requests=null', 'podDefaults.tolerations[0].kee=x'], 'kee'],
  [
    'text where a number belongs',
    ['podDefaults.extraVolumes[0].name=x', 'podDefaults.extraVolumes[0].secret.defaultMode=many'],
    'integer',
  ],
])('%s is found', async (_what, set, hint) => {
  const { errors } = await check((await template({ set })).stdout);
  expect(errors.join('\n')).toContain(hint);
});
