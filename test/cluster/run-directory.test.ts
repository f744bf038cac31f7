import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf, isAlive, processIdentitySchema } from '../../services/local/process-identity.ts';
import { until } from '../fixtures/until.ts';
import { clearAbandoned, createRunDirectory } from './run-directory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'runs-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Above what any system gives to a process. */
const NO_PID = 2 ** 22 + 1;

test('ends the processes of a run that was killed, even stopped ones, and removes its directory', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
  const identity = (await identityOf(child.pid!))!;
  child.kill('SIGSTOP');
  const abandoned = join(root, `sluice-kube-${NO_PID}-x`);
  await mkdir(join(abandoned, 'run'), { recursive: true });
  await writeFile(join(abandoned, 'run', 'etcd.pid'), JSON.stringify(identity));
  expect(await clearAbandoned(root)).toEqual([abandoned]);
  expect(await isAlive(identity)).toBe(false);
  expect(await readdir(root)).toEqual([]);
});

test('leaves runs that go on, and what is not ours', async () => {
  const { path } = await createRunDirectory(root);
  await mkdir(join(root, 'kube'));
  const other = await createRunDirectory(root);
  expect((await readdir(root)).map((name) => join(root, name)).sort()).toEqual(
    [join(root, 'kube'), path, other.path].sort(),
  );
});

/** Makes a run with one process, which it stops, tells of both, and waits to be killed. */
const RUN = `
const [, root, directory] = process.argv;
const { createRunDirectory, watchOver } = await import(directory + '/run-directory.ts');
const { identityOf } = await import(directory + '/../../services/local/process-identity.ts');
const { writeFileAtomic } = await import(directory + '/../../services/local/atomic-file.ts');
const data = await createRunDirectory(root);
watchOver(data);
const child = (await import('node:child_process')).spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
const identity = await identityOf(child.pid);
await writeFileAtomic(data.pidFile('kube-apiserver'), JSON.stringify(identity));
child.kill('SIGSTOP');
console.log(JSON.stringify(identity));
setInterval(() => {}, 1000);
`;

test('a run that is killed ends its processes, even stopped ones, and removes its directory', async () => {
  const args = ['--input-type=module', '--eval', RUN, root, import.meta.dirname];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await once(createInterface({ input: owner.stdout }), 'line');
  const identity = processIdentitySchema.parse(JSON.parse(String(line[0])));
  expect(await isAlive(identity)).toBe(true);
  owner.kill('SIGKILL');
  await until('the end of its process', async () => !(await isAlive(identity)));
  await until('the end of its directory', async () => (await readdir(root)).length === 0);
});
