import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { parseLocalConfig } from '../../services/local/config.ts';
import { chooseTools } from '../cluster/tools/catalog.ts';
import { clusterCache, toolPath } from '../cluster/tools/tool-path.ts';
import type { Container, KubeObject } from './objects.ts';
import { podsOf } from './objects.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
export const CHART = join(ROOT, 'helm', 'sluice');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RenderOptions {
  /** Profiles beside values.yaml: demo, ha, restricted. */
  readonly profiles?: readonly string[];
  /** `key.path=value` each. */
  readonly set?: readonly string[];
  /** Whether the cluster knows StageScaler already. Default true. */
  readonly known?: boolean;
  readonly upgrade?: boolean;
}

/** Path of a tool that the project's set-up has built. */
export function tool(name: string): string {
  const { cacheDir } = parseLocalConfig(process.env);
  return toolPath(clusterCache(cacheDir), chooseTools([name])[0]!);
}

export function run(command: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'pipe' });
    child.on('error', reject);
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    child.on('close', (code) => {
      void output.then(([stdout, stderr]) => resolve({ code: code ?? -1, stdout, stderr }));
    });
    child.stdin.end(input);
  });
}

/** `helm template` of the chart as release `demo` in namespace `shop`. */
export function template(options: RenderOptions = {}): Promise<Outcome> {
  const { known = true, upgrade = false } = options;
  return run(tool('helm'), [
    'template',
    'demo',
    CHART,
    '--namespace=shop',
    '--kube-version=1.36.4',
    ...(known ? ['--api-versions=sluice.dev/v1alpha1/StageScaler'] : []),
    ...(upgrade ? ['--is-upgrade'] : []),
    ...valueArguments(options),
  ]);
}

/** What makes helm use the values of these options. */
export function valueArguments({ profiles = [], set = [] }: RenderOptions): string[] {
  // Each rendering would make up another one.
  const fixed = set.some((item) => item.startsWith('postgres.auth.existingSecret'))
    ? set
    : ['postgres.auth.password=from-the-test', ...set];
  return [
    ...profiles.map((name) => `--values=${join(CHART, `values-${name}.yaml`)}`),
    ...fixed.flatMap((item) => ['--set', item]),
  ];
}

/** The objects of a rendering. @throws Error with what helm says */
export async function render(options: RenderOptions = {}): Promise<KubeObject[]> {
  const { code, stdout, stderr } = await template(options);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    return object ? [object] : [];
  });
}

/** The one object of this kind and name (without the prefix `demo-sluice-`). */
export function pick(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.filter(
    (object) => object.kind === kind && object.metadata.name === `demo-sluice${name && `-${name}`}`,
  );
  if (found.length !== 1) throw new Error(`There are ${found.length} ${kind} ${name}.`);
  return found[0]!;
}

/** The container of the object of this kind and name. */
export function containerOf(objects: readonly KubeObject[], kind: string, name: string): Container {
  const container = podsOf([pick(objects, kind, name)])[0]?.container;
  if (!container) throw new Error(`${kind} ${name} has no container.`);
  return container;
}
