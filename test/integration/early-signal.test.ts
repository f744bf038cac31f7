import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServiceProcess } from '../fixtures/service-process.ts';
import { watch } from '../fixtures/service-process.ts';
import { until } from '../fixtures/until.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SLUICE = join(ROOT, 'bin', 'sluice.mjs');
/** Nothing listens here: whoever gets as far as to wait for its servers waits for long. */
const NOWHERE = { DATABASE_URL: 'postgres://127.0.0.1:9/sluice', KAFKA_BROKERS: '127.0.0.1:9' };

/** What is left of the loading, on a busy machine; long before it would give up waiting for its servers. */
const ENDED_MS = 15_000;

const COMMANDS: readonly (readonly [string, readonly string[], string])[] = [
  ['a stage', [SLUICE, 'stage', 'remote'], 'services/stages/main.ts'],
  ['the set-up', [join(ROOT, 'services/setup/main.ts'), 'migrate'], 'services/setup/run-setup.ts'],
];

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Says so, and stands still for a moment, when it comes to load the file that ends so. */
const preload = (file: string): string =>
  `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (found.url.endsWith('/${file}')) {
          process.stderr.write('LOADING');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        }
        return found;
      },
    });`)}`;

async function startLoading(
  args: readonly string[],
  file: string,
  prefix: readonly string[] = [],
): Promise<ServiceProcess> {
  const [command, ...rest] = [...prefix, process.execPath, '--import', preload(file), ...args];
  const child = spawn(command!, rest, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...NOWHERE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const started = watch(child);
  await until('it to load its modules', () => started.stderr().includes('LOADING'));
  return started;
}

/** Ms until it has ended. */
async function msToEnd(started: ServiceProcess): Promise<number> {
  const beganMs = performance.now();
  await started.exitCode();
  return performance.now() - beganMs;
}

describe.each(COMMANDS)('%s, told to end while its modules are being loaded', (_name, args, file) => {
  test.each(['SIGTERM', 'SIGINT'] as const)('ends at once: %s', async (signal) => {
    const started = await startLoading(args, file);
    started.child.kill(signal);
    expect(await msToEnd(started)).toBeLessThan(ENDED_MS);
  });

  test.skipIf(!canUnshare()).each(['SIGTERM', 'SIGINT'] as const)(
    'ends at once as process 1, which has no default action: %s',
    async (signal) => {
      const started = await startLoading(args, file, ['unshare', '--pid', '--fork', '--kill-child']);
      const { pid } = started.child;
      const inner = Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
      process.kill(inner, signal);
      expect(await msToEnd(started)).toBeLessThan(ENDED_MS);
    },
  );
});

/** A new namespace of pids: as root, and where the system lets even root do so. */
function canUnshare(): boolean {
  return spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;
}
