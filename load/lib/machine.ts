import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Of the broker that local mode starts. */
  readonly kafka: string;
  readonly sluice: string;
  /** Commit, with `+` when the tree has changes; undefined outside a clone. */
  readonly commit: string | undefined;
}

export async function describeMachine(): Promise<Machine> {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const pom = await readFile(join(ROOT, 'services', 'local', 'kafka', 'pom.xml'), 'utf8').catch(() => '');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    kafka: /<kafka>([^<]+)<\/kafka>/.exec(pom)?.[1] ?? 'unknown',
    sluice: manifest.version,
    commit: await readCommit(),
  };
}

async function readCommit(): Promise<string | undefined> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', args, { cwd: ROOT })).stdout.trim();
  try {
    const commit = await git('rev-parse', '--short', 'HEAD');
    return (await git('status', '--porcelain')) === '' ? commit : `${commit}+`;
  } catch {
    return undefined;
  }
}
