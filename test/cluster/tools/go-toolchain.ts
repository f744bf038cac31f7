import { tmpdir } from 'node:os';
import { command, CommandError } from '../command.ts';

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

/** Runs `go` and resolves to what it printed. @throws GoError with its last lines; ENOENT when there is no Go */
export async function go(args: readonly string[], options: GoOptions): Promise<string> {
  const env = { ...options.env, CGO_ENABLED: '0', GOWORK: 'off' };
  return command('go', args, { ...options, env }).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    throw new GoError(`go ${args.slice(0, 2).join(' ')} ${error.outcome}`);
  });
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
