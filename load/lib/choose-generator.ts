import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Generator } from './generator.ts';
import { createK6Generator } from './k6-generator.ts';
import { createNodeGenerator } from './node-generator.ts';

export const GENERATORS = ['auto', 'k6', 'autocannon'] as const;
export type GeneratorChoice = (typeof GENERATORS)[number];

/**
 * k6 where the PATH has it, else autocannon.
 * @throws Error when k6 was asked for and is not there
 */
export async function chooseGenerator(
  choice: GeneratorChoice,
): Promise<Generator & { readonly version: string }> {
  const node = createNodeGenerator();
  const k6Version = choice === 'autocannon' ? undefined : await versionOfK6();
  if (k6Version !== undefined) return { ...createK6Generator('k6', node), version: k6Version };
  if (choice === 'k6') throw new Error('There is no k6 on the PATH.');
  const { default: manifest } = (await import('autocannon/package.json', { with: { type: 'json' } })) as {
    default: { version: string };
  };
  return { ...node, version: manifest.version };
}

async function versionOfK6(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('k6', ['version']);
    return /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? stdout.trim();
  } catch {
    return undefined;
  }
}
