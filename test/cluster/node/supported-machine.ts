import { access } from 'node:fs/promises';
import type { CommandOptions } from '../command.ts';
import {
  UnsupportedMachineError,
  findMissingPackages,
  installPackages,
  operatingSystem,
} from './debian-packages.ts';

const SYSTEM = 'debian 12';
const CGROUP_V1 = '/sys/fs/cgroup/memory';
const OTHERWISE =
  'Start Docker and install kind, or set SLUICE_TEST_USE_KUBECONFIG=1 and KUBECONFIG to a cluster of yours.';

/**
 * Makes sure that this machine can run a node of its own; missing packages are installed.
 * @throws UnsupportedMachineError, CommandError when apt fails
 */
export async function ensureSupportedMachine(
  options: CommandOptions,
  onInstall?: (names: readonly string[]) => void,
): Promise<void> {
  const reason = await whyNot();
  if (reason !== undefined)
    throw new UnsupportedMachineError(`A Kubernetes node of our own needs ${reason}. ${OTHERWISE}`);
  const missing = (await findMissingPackages(options)) ?? [];
  if (missing.length === 0) return;
  onInstall?.(missing);
  await installPackages(missing, options);
}

/** What this machine lacks for a node of its own, other than packages; undefined: nothing. */
export async function whyNot(): Promise<string | undefined> {
  const found = await operatingSystem();
  if (found !== SYSTEM) return `Debian 12, and this is ${found || process.platform}`;
  if (process.getuid?.() !== 0) return 'root, for namespaces and mounts';
  const old = await access(CGROUP_V1).then(
    () => true,
    () => false,
  );
  return old ? undefined : 'cgroup v1, and this machine has v2';
}
