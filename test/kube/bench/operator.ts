import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { guard } from '../../../services/local/supervisor/guard.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { until } from '../../fixtures/until.ts';
import { Scrape } from '../scrape.ts';

/** The operator as a process of its own. */
export interface OperatorProcess {
  scrape(): Promise<Scrape>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** In bytes, as the kernel counts. */
export interface Memory {
  readonly resident: number;
  /** The most since its start. */
  readonly peak: number;
}

export interface OperatorOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly brokers: readonly string[];
  /** As NODE_OPTIONS. */
  readonly nodeOptions: string;
  /** Besides; for profiles. */
  readonly nodeFlags?: readonly string[];
}

const SLUICE = join(import.meta.dirname, '../../../bin/sluice.mjs');

/** Started as the image starts it. Resolves when it is ready. */
export async function startOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const { kubeconfig, namespace, brokers, nodeOptions, nodeFlags = [] } = options;
  const config = join(await temporaryDirectory(), 'operator.yaml');
  await writeFile(config, JSON.stringify({ kafka: { default: { brokers } } }));
  const where = ['--kubeconfig', kubeconfig, '--namespace', namespace];
  const args = ['operator', ...where, '--config', config, '--status-port', '0'];
  const child = spawn(process.execPath, [...nodeFlags, SLUICE, ...args], {
    env: { ...process.env, NODE_OPTIONS: nodeOptions, POD_NAMESPACE: namespace, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid!;
  const guarded = guard(pid, 'SIGKILL');
  let port: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) port ??= (JSON.parse(line) as { adminPort?: number }).adminPort;
    if (process.env['BENCH_TRACE']) process.stdout.write(line.startsWith('{') ? '' : `${line}\n`);
  });
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the operator to be ready', async () => port !== undefined && (await isReady()), 120_000);
  // By a connection of its own: one that has been idle may be closed at the other end just then.
  const scrape = async (): Promise<Scrape> => {
    const headers = { connection: 'close' };
    return new Scrape(await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text());
  };
  return {
    scrape,
    memory: () => memoryOf(pid),
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
      guarded.kill('SIGKILL');
    },
  };
}

async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}
