import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { guard } from '../../services/local/supervisor/guard.ts';

/** A command has failed: the message has its last lines. */
export class CommandError extends Error {
  readonly code = 'command';
  /** Exit code, and the last lines of stderr. */
  readonly outcome: string;

  constructor(command: string, exitCode: number | null, lastLines: readonly string[]) {
    const outcome = `failed (exit ${exitCode}):\n${lastLines.join('\n')}`;
    super(`${command} ${outcome}`);
    this.outcome = outcome;
  }
}

export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called with every line of stderr. */
  readonly onLine?: (line: string) => void;
  /** Aborted: end the command. */
  readonly signal?: AbortSignal;
  /** Standard input. */
  readonly input?: string;
}

const LAST_LINES = 20;

/**
 * Runs a command and resolves to what it printed. It is ended when this process dies, by whatever signal.
 * @throws CommandError; ENOENT when there is no such command
 */
export async function command(
  name: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { env, cwd, onLine, signal, input = '' } = options;
  const child = spawn(name, args, {
    env,
    stdio: 'pipe',
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal ? { signal } : {}),
  });
  const shell = child.pid === undefined ? undefined : guard(child.pid, 'SIGTERM');
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (last.push(line) > LAST_LINES) last.shift();
    onLine?.(line);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [output, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }),
  ]).finally(() => shell?.kill('SIGKILL'));
  if (code === 0) return output;
  throw new CommandError([name, ...args].join(' '), code, last);
}
