import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { guard } from '../../../services/local/supervisor/guard.ts';

/** Go is missing, too old, or a build has failed: the message says what to do. */
export class GoError extends Error {
  readonly code = 'go';
}

export interface GoOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called with every line of stderr, where Go tells what it downloads and compiles. */
  readonly onLine?: (line: string) => void;
  /** Aborted: end the command. */
  readonly signal?: AbortSignal;
}

const LAST_LINES = 20;

/** Runs `go` and resolves to what it printed. @throws GoError with its last lines; ENOENT when there is no Go */
export async function go(args: readonly string[], options: GoOptions): Promise<string> {
  const { cwd, env, onLine, signal } = options;
  const child = spawn('go', args, {
    cwd,
    env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  const shell = child.pid === undefined ? undefined : guard(child.pid, 'SIGTERM');
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (last.push(line) > LAST_LINES) last.shift();
    onLine?.(line);
  });
  const [output, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }),
  ]).finally(() => shell?.kill('SIGKILL'));
  if (code === 0) return output;
  throw new GoError(`go ${args.slice(0, 2).join(' ')} failed (exit ${code}):\n${last.join('\n')}`);
}

/** @throws GoError when the Go on the PATH is missing or older, with what to do */
export async function requireGo(minimum: string, env: NodeJS.ProcessEnv): Promise<void> {
  const needed = `The tests on Kubernetes build their tools with Go ${minimum} or newer (https://go.dev/dl)`;
  const found = await go(['env', 'GOVERSION'], { cwd: tmpdir(), env }).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new GoError(`${needed}: there is no go on the PATH.`) : error;
    },
  );
  if (!isAtLeast(found, minimum))
    throw new GoError(`${needed}: the go on the PATH is ${found.trim().replace(/^go/, '')}.`);
}

/** Whether a version such as go1.26.8 is `minimum` or newer; a release candidate counts as its release. */
export function isAtLeast(goVersion: string, minimum: string): boolean {
  const numbers = (text: string) => [...text.matchAll(/\d+/g)].map(Number);
  const release = goVersion.replace(/(?:rc|beta|[-+ ]).*$/s, '');
  const [found, least] = [numbers(release), numbers(minimum)];
  for (const [index, wanted] of least.entries()) {
    const difference = (found[index] ?? 0) - wanted;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function text(stream: Readable): Promise<string> {
  let whole = '';
  for await (const chunk of stream) whole += String(chunk);
  return whole;
}
