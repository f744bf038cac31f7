import { readFile, rm, writeFile } from 'node:fs/promises';
import type { CommandOptions } from '../command.ts';
import { command } from '../command.ts';

/** What a node of our own, and the making of its images, takes from Debian. */
export const DEBIAN_PACKAGES = [
  'buildah',
  'containerd',
  'containernetworking-plugins',
  'gcc',
  'iproute2',
  'iptables',
  'libc6-dev',
  'mmdebstrap',
  'openssl',
  'runc',
  'util-linux',
] as const;

/** This machine cannot have a node of its own; the message says why, and what else there is. */
export class UnsupportedMachineError extends Error {
  readonly code = 'unsupported-machine';
}

/** The packages among those wanted that `dpkg-query` does not show as installed. */
export function missingPackages(wanted: readonly string[], shown: string): string[] {
  const installed = new Set<string>();
  for (const line of shown.split('\n')) {
    const [name = '', ...status] = line.split(' ');
    if (status.join(' ') === 'install ok installed') installed.add(name);
  }
  return wanted.filter((name) => !installed.has(name));
}

/** Packages of DEBIAN_PACKAGES that are missing here; undefined where there is no dpkg. */
export async function findMissingPackages(options: CommandOptions): Promise<string[] | undefined> {
  // It fails when one is unknown, and shows the others all the same.
  const script = 'dpkg-query --show --showformat=\'${Package} ${Status}\\n\' "$@" 2>/dev/null; [ $? -lt 2 ]';
  const shown = await command('sh', ['-c', script, 'dpkg-query', ...DEBIAN_PACKAGES], options).catch(
    () => undefined,
  );
  return shown === undefined ? undefined : missingPackages(DEBIAN_PACKAGES, shown);
}

/** Installs packages by apt, without starting what they bring. Needs root. @throws CommandError */
export async function installPackages(names: readonly string[], options: CommandOptions): Promise<void> {
  const apt = { ...options, env: { ...options.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await withoutServices(async () => {
    // An archive of many that does not answer is no reason to give up.
    await command('apt-get', ['update', '--quiet'], apt).catch(() => {});
    await command('apt-get', ['install', '--quiet', '--yes', '--no-install-recommends', ...names], apt);
  });
}

const POLICY = '/usr/sbin/policy-rc.d';

/** While this file is there, and says so, no package starts a service. One that is there already is left alone. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const own = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    await install();
  } finally {
    if (own) await rm(POLICY, { force: true });
  }
}

/** ID and VERSION_ID of /etc/os-release, such as `debian 12`; empty where there is none. */
export async function operatingSystem(file = '/etc/os-release'): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return `${field('ID')} ${field('VERSION_ID')}`.trim();
}
