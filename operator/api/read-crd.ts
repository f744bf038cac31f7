import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Path of the CustomResourceDefinition of StageScaler. */
export const CRD_PATH = join(import.meta.dirname, 'crd.yaml');

/** The CustomResourceDefinition, to be sent to an API server. */
export async function readCrd(): Promise<Record<string, unknown>> {
  return parse(await readFile(CRD_PATH, 'utf8')) as Record<string, unknown>;
}
