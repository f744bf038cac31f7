import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyBinaries, hydrateSymlinks } from './binaries.ts';
import { clearOrphans, isReachableByOthers, parseNobody } from './run-as.ts';
import { serverArgs } from './settings.ts';
import { mendStaleLock } from './stale-lock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postgres-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const LOCK = (pid: number) => `${pid}\n/data\n1790000000\n5432\n/data\n127.0.0.1\n  5432001   7\nready\n`;

test('a lock whose pid is in use again by a stranger is given a pid that cannot be, and keeps its memory key', async () => {
  await writeFile(join(directory, 'postmaster.pid'), LOCK(process.pid));
  await writeFile(join(directory, '.s.PGSQL.5432.lock'), LOCK(process.pid));
  await mendStaleLock(directory, 1_000);
  for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock'])
    expect(await readFile(join(directory, name), 'utf8')).toBe(LOCK(2_147_483_646));
});

test('a lock whose pid is gone is left to Postgres', async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.once('close', resolve));
  await writeFile(join(directory, 'postmaster.pid'), LOCK(child.pid!));
  await mendStaleLock(directory, 1_000);
  expect(await readFile(join(directory, 'postmaster.pid'), 'utf8')).toBe(LOCK(child.pid!));
});

test('a postmaster that still runs on the directory is ended', async () => {
  const stay = 'console.log(1); setInterval(() => {}, 1000)';
  const child = spawn(process.execPath, ['-e', stay, 'postgres', '-D', directory, '-p', '5432']);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const closed = new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal)));
  await writeFile(join(directory, 'postmaster.pid'), LOCK(child.pid!));
  await mendStaleLock(directory, 2_000);
  expect(await closed).toBe('SIGINT');
});

test('a directory without a server is left alone', async () => {
  await expect(mendStaleLock(join(directory, 'none'), 1_000)).resolves.toBeUndefined();
});

test('finds the account without rights', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\n';
  expect(parseNobody(passwd)).toEqual({ uid: 65_534, gid: 65_533 });
  expect(parseNobody('root:x:0:0::/root:/bin/sh')).toBeUndefined();
  expect(parseNobody('nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false')).toBeUndefined();
});

test('one closed directory on the way makes a path unreachable', async () => {
  const inner = join(directory, 'a', 'b');
  await mkdir(inner, { recursive: true });
  await chmod(directory, 0o755);
  expect(await isReachableByOthers(inner)).toBe(true);
  await chmod(join(directory, 'a'), 0o700);
  expect(await isReachableByOthers(inner)).toBe(false);
});

test('data whose owner was removed is cleared away, unless a server runs on it', async () => {
  for (const name of ['data-a', 'data-b', 'data-c']) await mkdir(join(directory, name));
  await writeFile(join(directory, 'data-c', 'postmaster.pid'), LOCK(1));
  await writeFile(join(directory, 'data-a.owner'), directory);
  await writeFile(join(directory, 'data-b.owner'), join(directory, 'gone'));
  await writeFile(join(directory, 'data-c.owner'), join(directory, 'gone'));
  await clearOrphans(directory);
  const left = (await readdir(directory)).sort();
  expect(left).toEqual(['data-a', 'data-a.owner', 'data-c', 'data-c.owner']);
});

async function nativePackage(): Promise<string> {
  const native = join(directory, 'package', 'native');
  await mkdir(join(native, 'lib'), { recursive: true });
  await writeFile(join(native, 'lib', 'libx.so.1.2'), 'x');
  const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so' }];
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  return native;
}

test('makes the links that an install without scripts leaves out, again and again', async () => {
  const native = await nativePackage();
  await hydrateSymlinks(native);
  await hydrateSymlinks(native);
  expect(await readlink(join(native, 'lib', 'libx.so'))).toBe('libx.so.1.2');
});

test('copies the binaries once, links and all', async () => {
  const binaries = { nativeDir: await nativePackage(), version: '18.4.0' };
  await hydrateSymlinks(binaries.nativeDir);
  const [one, other] = await Promise.all([
    copyBinaries(binaries, directory),
    copyBinaries(binaries, directory),
  ]);
  expect(one.nativeDir).toBe(join(directory, 'postgres-18.4.0', 'native'));
  expect(other).toEqual(one);
  expect(await readlink(join(one.nativeDir, 'lib', 'libx.so'))).toBe('libx.so.1.2');
});

test('every guarantee is on, and nothing but loopback listens', () => {
  const args = serverArgs({ directory: '/data', port: 5432, walCompression: 'off' }).join(' ');
  for (const setting of [
    'fsync=on',
    'synchronous_commit=on',
    'full_page_writes=on',
    'listen_addresses=127.0.0.1',
  ])
    expect(args).toContain(`-c ${setting}`);
  const deep = `/${'d'.repeat(120)}`;
  expect(serverArgs({ directory: deep, port: 1, walCompression: 'off' })).toContain(
    'unix_socket_directories=',
  );
});
