import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { run } from '../../chart/helm.ts';

export interface KubectlOptions {
  /** Command or path. */
  readonly command: string;
  readonly kubeconfig: string;
  readonly namespace: string;
}

export interface Forward {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  stop(): void;
}

/** A command has ended with another code than 0. The message is what it said. */
export class CommandError extends Error {
  readonly code = 'command-failed';
}

/** kubectl in one namespace: what a user would type. */
export class Kubectl {
  readonly options: KubectlOptions;

  constructor(options: KubectlOptions) {
    this.options = options;
  }

  /** What it prints. @throws CommandError */
  async run(args: readonly string[], input = ''): Promise<string> {
    const { command } = this.options;
    const { code, stdout, stderr } = await run(command, this.withPlace(args), input);
    if (code === 0) return stdout;
    throw new CommandError(`kubectl ${args.join(' ')}: ${(stderr || stdout).trim()}`);
  }

  /** What it prints with `--output=json`. @throws CommandError, ZodError */
  async json<Shape extends z.ZodType>(schema: Shape, ...args: readonly string[]): Promise<z.infer<Shape>> {
    return schema.parse(JSON.parse(await this.run([...args, '--output=json'])));
  }

  /** Creates or changes what the object describes. @throws CommandError */
  async apply(object: object): Promise<void> {
    await this.run(['apply', '--filename=-'], JSON.stringify(object));
  }

  /** A local port that leads to a port of a Service or pod, as long as its pod lives. @throws CommandError */
  forward(target: string, port: number): Promise<Forward> {
    const args = ['port-forward', target, `:${port}`];
    const child = spawn(this.options.command, this.withPlace(args), { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => reject(new CommandError(`kubectl ${args.join(' ')}: ${said.trim()}`)));
      createInterface(child.stdout).on('line', (line) => {
        const local = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line)?.[1];
        if (local) resolve({ url: `http://127.0.0.1:${local}`, stop: () => void child.kill() });
      });
    });
  }

  private withPlace(args: readonly string[]): string[] {
    const { kubeconfig, namespace } = this.options;
    return [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, ...args];
  }
}
