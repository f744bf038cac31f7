import { expect, test } from 'vitest';
import type { GoModule } from './catalog.ts';
import { wrapperManifest } from './wrapper-module.ts';

const module: GoModule = { path: 'example.org/server/v3', version: 'v3.1.0', sum: 'h1:x', go: '1.25.0' };

test('a folder of the repository is replaced by its published version, where it has one', () => {
  const Replace = [
    { Old: { Path: 'example.org/api' }, New: { Path: './staging/src/example.org/api' } },
    { Old: { Path: 'example.org/client' }, New: { Path: '../client' } },
  ];
  const staged = wrapperManifest({ ...module, stagingVersion: 'v0.1.0' }, { Go: '1.25.0', Replace });
  expect(staged.split('\n')).toEqual([
    'module sluice.dev/tools',
    'go 1.25.0',
    'require example.org/server/v3 v3.1.0',
    'replace example.org/api => example.org/api v0.1.0',
    'replace example.org/client => example.org/client v0.1.0',
    '',
  ]);
  expect(wrapperManifest(module, { Go: '1.25.0', Replace })).not.toContain('replace');
});

test('other replacements are repeated, of one version or of all', () => {
  const Replace = [
    { Old: { Path: 'a.org/a' }, New: { Path: 'b.org/a', Version: 'v1.2.3' } },
    { Old: { Path: 'a.org/b', Version: 'v0.1.0' }, New: { Path: 'a.org/b', Version: 'v0.1.1' } },
  ];
  const text = wrapperManifest({ ...module, stagingVersion: 'v0.1.0' }, { Go: '1.25.0', Replace });
  expect(text).toContain('replace a.org/a => b.org/a v1.2.3\n');
  expect(text).toContain('replace a.org/b v0.1.0 => a.org/b v0.1.1\n');
});

test('a module without replacements needs none', () => {
  expect(wrapperManifest(module, { Go: '1.25.0', Replace: null })).toBe(
    'module sluice.dev/tools\ngo 1.25.0\nrequire example.org/server/v3 v3.1.0\n',
  );
});
