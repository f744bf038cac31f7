import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { guard } from '../../services/local/supervisor/guard.ts';
import { until } from '../fixtures/until.ts';

export interface ReplicaOptions {
  readonly name: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** JSON: loads by scaler. */
  readonly loads: string;
}

/** One replica of the operator, as a process (operator-process.ts). */
export class Replica {
  readonly name: string;
  private readonly child: ChildProcess;
  private readonly guards: ChildProcess[] = [];
  private port: number | undefined;

  constructor({ name, kubeconfig, namespace, loads }: ReplicaOptions) {
    this.name = name;
    const script = join(import.meta.dirname, 'operator-process.ts');
    this.child = spawn(process.execPath, [script, name, kubeconfig, namespace, loads], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.guards.push(guard(this.child.pid!, 'SIGKILL'));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const { adminPort } = JSON.parse(line) as { adminPort?: number };
      this.port ??= adminPort;
    });
  }

  async ready(): Promise<void> {
    await until(
      `${this.name} to be ready`,
      () =>
        this.get('/readyz').then(
          ({ ok }) => ok,
          () => false,
        ),
      30_000,
    );
  }

  /** The sum of a counter of its metrics over all series whose line matches. */
  async count(pattern: RegExp): Promise<number> {
    const text = await (await this.get('/metrics')).text();
    const values = text.split('\n').filter((line) => pattern.test(line));
    return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  live(): Promise<Response> {
    return this.get('/livez');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null)
      await new Promise((resolve) => this.child.once('exit', resolve));
    return this.child.exitCode;
  }

  async end(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGKILL');
    await this.ended();
    for (const one of this.guards) one.kill('SIGKILL');
  }

  private async get(path: string): Promise<Response> {
    if (this.port === undefined) throw new Error('no port yet');
    return fetch(`http://127.0.0.1:${this.port}${path}`, { signal: AbortSignal.timeout(5_000) });
  }
}
