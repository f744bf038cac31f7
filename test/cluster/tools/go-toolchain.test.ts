import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GoError, go, isAtLeast, requireGo } from './go-toolchain.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'go-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A PATH with a `go` that is this shell script. */
async function goThat(script: string): Promise<NodeJS.ProcessEnv> {
  await writeFile(join(directory, 'go'), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, 'go'), 0o755);
  return { PATH: directory };
}

test.each([
  ['go1.26.0', '1.26.0', true],
  ['go1.26.8\n', '1.26.0', true],
  ['go1.27', '1.26.4', true],
  ['go1.27rc2', '1.26.0', true],
  ['go1.26.1 X:nodwarf5', '1.26.0', true],
  ['go2.0', '1.26.0', true],
  ['go1.25.9', '1.26.0', false],
  ['go1.26.3', '1.26.4', false],
  ['go1.3', '1.26', false],
])('%s is %s or newer: %s', (found, minimum, expected) => {
  expect(isAtLeast(found, minimum)).toBe(expected);
});

test('says that Go is missing, or too old', async () => {
  await expect(requireGo('1.26.0', { PATH: directory })).rejects.toThrow(/Go 1\.26\.0 or newer.*no go on/);
  const old = await goThat('echo go1.24.1');
  await expect(requireGo('1.26.0', old)).rejects.toThrow(/Go 1\.26\.0 or newer.*is 1\.24\.1\.$/);
  await requireGo('1.24.0', old);
});

test('a command that fails says so with the last that it wrote', async () => {
  const env = await goThat('echo "go: downloading x v1" >&2; echo "no route to host" >&2; exit 1');
  const lines: string[] = [];
  const failing = go(['mod', 'download', 'x'], { cwd: directory, env, onLine: (line) => lines.push(line) });
  await expect(failing).rejects.toThrow(GoError);
  await expect(failing).rejects.toThrow(/go mod download failed \(exit 1\)[^]*no route to host/);
  expect(lines).toEqual(['go: downloading x v1', 'no route to host']);
});

test('an abort ends the command', async () => {
  const env = await goThat('exec /bin/sleep 60');
  const signal = AbortSignal.timeout(100);
  await expect(go(['build'], { cwd: directory, env, signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
});
