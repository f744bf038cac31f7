import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingPackages, operatingSystem } from './debian-packages.ts';

test('a package that was removed or never known is missing', () => {
  const shown =
    'gcc install ok installed\nrunc deinstall ok config-files\ncontainerd install ok half-configured\n';
  expect(missingPackages(['gcc', 'runc', 'containerd', 'buildah'], shown)).toEqual([
    'runc',
    'containerd',
    'buildah',
  ]);
  expect(missingPackages(['gcc'], shown)).toEqual([]);
});

test('the operating system is read as it is written, quoted or not', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'os-'));
  try {
    const file = join(directory, 'os-release');
    await writeFile(file, 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n');
    expect(await operatingSystem(file)).toBe('debian 12');
    await writeFile(file, 'ID=arch\n');
    expect(await operatingSystem(file)).toBe('arch');
    expect(await operatingSystem(join(directory, 'absent'))).toBe('');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
