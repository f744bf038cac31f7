import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { go } from '../cluster/tools/go-toolchain.ts';
import { chooseTools } from '../cluster/tools/catalog.ts';
import { ROOT } from './helm.ts';

/** A part of a schema. */
type Node = Readonly<Record<string, unknown>>;

interface Definition extends Node {
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

interface CustomResource {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Node } }[] };
}

/** What kubeconform makes of a kind: name of the file with its schema. */
export const SCHEMA_LOCATION = '{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json';
const SHARED = '_definitions.json';

/**
 * JSON Schemas of every kind of the Kubernetes that the tests run, from its own OpenAPI document: closed, so that a
 * field that does not exist is found. Resolves to the directory, made once in the cache.
 */
export async function kubernetesSchemas(cacheDir: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { path, version } = chooseTools(['kubectl'])[0]!.module;
  const directory = join(cacheDir, 'cluster', `schemas-${version}`);
  if (await readFile(join(directory, SHARED)).catch(() => undefined)) return directory;
  const download = await go(['mod', 'download', '-json', `${path}@${version}`], { cwd: cacheDir, env });
  const { Dir: source } = JSON.parse(download) as { Dir: string };
  const openApi = await readFile(join(source, 'api', 'openapi-spec', 'swagger.json'), 'utf8');
  const temporary = `${directory}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  await writeSchemas(
    temporary,
    (JSON.parse(openApi) as { definitions: Record<string, Definition> }).definitions,
  );
  await rm(directory, { recursive: true, force: true });
  await rename(temporary, directory);
  return directory;
}

/** The schema of StageScaler in the definition that the chart installs. */
export async function writeStageScalerSchema(directory: string): Promise<void> {
  const text = await readFile(join(ROOT, 'operator', 'api', 'crd.yaml'), 'utf8');
  const schema = (parse(text) as CustomResource).spec.versions[0]!.schema.openAPIV3Schema;
  // What every object has, a definition leaves out.
  const properties = { apiVersion: {}, kind: {}, metadata: {}, ...(schema['properties'] as Node) };
  const file = join(directory, 'stagescaler-sluice.dev-v1alpha1.json');
  await writeFile(file, JSON.stringify(closed({ ...schema, properties })));
}

async function writeSchemas(directory: string, definitions: Record<string, Definition>): Promise<void> {
  for (const [name, definition] of Object.entries(definitions))
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      // The core API has no group; kubeconform puts its version in that place.
      const file = `${kind.toLowerCase()}-${group || version}-${version}.json`;
      await writeFile(join(directory, file), JSON.stringify({ $ref: `${SHARED}#/definitions/${name}` }));
    }
  const shared = Object.entries(definitions).map(([name, definition]) => [
    name,
    loosened(name, closed(definition)),
  ]);
  await writeFile(
    join(directory, SHARED),
    JSON.stringify({ definitions: Object.fromEntries(shared) as object }),
  );
}

/** The same schema; an object with named fields has no others. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const { format, ...rest } = node as Node;
  if (format === 'int-or-string' || rest['x-kubernetes-int-or-string'])
    return { oneOf: [{ type: 'string' }, { type: 'integer' }] };
  const copy = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, closed(value)]));
  // A field may be called format; OpenAPI's own formats (int32, byte) are none of JSON Schema's.
  if (typeof format === 'object') copy['format'] = closed(format);
  const open = rest['additionalProperties'] !== undefined || rest['x-kubernetes-preserve-unknown-fields'];
  return rest['properties'] && !open ? { ...copy, additionalProperties: false } : copy;
}

/** A quantity is text in the document; numbers are read too. Extensions of CRDs may hold anything. */
function loosened(name: string, definition: unknown): unknown {
  if (name.endsWith('.Quantity')) return { type: ['string', 'number'] };
  if (name.endsWith('.JSONSchemaProps')) return {};
  return definition;
}
