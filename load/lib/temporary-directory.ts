import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own, to be removed when it is disposed of. */
export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Others may look into it: as root, Postgres runs as somebody else and keeps its data below. */
export async function createTemporaryDirectory(prefix: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `sluice-${prefix}-`));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
