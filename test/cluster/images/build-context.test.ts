import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contextFiles, digestOf } from './build-context.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'context-'));
  await write(
    '.dockerignore',
    '# what it is made of\n*\n!package.json\n!src\n!absent\n**/*.test.ts\nsrc/docs\n',
  );
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, content = ''): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

test('takes what is named, and leaves out what the patterns say', async () => {
  for (const path of [
    'package.json',
    'README.md',
    'src/a.ts',
    'src/a.test.ts',
    'src/docs/b.ts',
    'src/c/d.ts',
  ])
    await write(path);
  expect(await contextFiles(root)).toEqual(['package.json', 'src/a.ts', 'src/c/d.ts']);
});

test('the digest follows contents, names, and where one file ends', async () => {
  await write('src/a.ts', 'one');
  await write('src/b.ts', 'two');
  const digest = async () => digestOf(root, await contextFiles(root));
  const first = await digest();
  expect(await digest()).toBe(first);
  await write('src/a.ts', 'onet');
  await write('src/b.ts', 'wo');
  const moved = await digest();
  expect(moved).not.toBe(first);
  await write('src/a.test.ts', 'left out');
  expect(await digest()).toBe(moved);
  await rm(join(root, 'src/b.ts'));
  await write('src/c.ts', 'wo');
  expect(await digest()).not.toBe(moved);
});
