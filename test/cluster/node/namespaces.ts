import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identityOf } from '../../../services/local/process-identity.ts';
import { until } from '../../fixtures/until.ts';
import type { CommandOptions } from '../command.ts';
import { command } from '../command.ts';
import { NETWORK } from './network.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { NodeProcess } from './processes.ts';

const CGROUPS = '/sys/fs/cgroup';
/**
 * Weight of the whole node for the processor. On a machine of its own pods compete with one group of everything else;
 * here every session of the machine is such a group, of 1,024 each, and they would starve beside a compiler.
 */
const NODE_SHARES = 8_192;
const FIRST_PROCESS_MS = 10_000;
/** The user's PATH may be without the places of a system's own commands. */
export const SYSTEM_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** The mount, network and PID namespaces that a node lives in. */
export class Namespaces {
  /** Of their first process, as the machine counts. */
  readonly pid: number;
  private readonly directory: NodeDirectory;
  private readonly options: CommandOptions;

  private constructor(pid: number, directory: NodeDirectory) {
    this.pid = pid;
    this.directory = directory;
    this.options = { env: SYSTEM_ENV, cwd: '/' };
  }

  /** Those of the node whose state is in this directory, if it is up. */
  static async find(directory: NodeDirectory): Promise<Namespaces | undefined> {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const executable = await readlink(`/proc/${name}/exe`).catch(() => '');
      if (executable !== directory.pause || !(await identityOf(Number(name)))) continue;
      return new Namespaces(Number(name), directory);
    }
    return undefined;
  }

  /**
   * Makes them, with mounts and network, and the cgroups of the node. Their first process outlives this one.
   * @param pause path of a binary that waits and reaps orphans
   */
  static async create(directory: NodeDirectory, pause: string): Promise<Namespaces> {
    await copyFile(pause, directory.pause);
    const flags = ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--propagation=private'];
    const child = spawn('unshare', [...flags, directory.pause], {
      env: SYSTEM_ENV,
      cwd: '/',
      stdio: 'ignore',
      detached: true,
    });
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    child.unref();
    const found = until('the namespaces of the node', () => Namespaces.find(directory), FIRST_PROCESS_MS);
    const namespaces = await Promise.race([found, failed]);
    await namespaces.connect();
    return namespaces;
  }

  /** Runs a command inside and resolves to what it printed. @throws CommandError */
  run(name: string, ...args: readonly string[]): Promise<string> {
    return command('nsenter', [...this.enter(), name, ...args], this.options);
  }

  /** Starts a process inside, which goes on when this one ends. Resolves to its pid there. */
  async start({ name, command, args }: NodeProcess): Promise<string> {
    const script =
      'log=$1; cgroup=$2; shift 2; echo 0 >"$cgroup"; setsid "$@" >"$log" 2>&1 </dev/null & echo $!';
    const group = join(processorGroup(this.directory).system, 'cgroup.procs');
    const pid = await this.run('sh', '-c', script, name, this.directory.log(name), group, command, ...args);
    return pid.trim();
  }

  private enter(): string[] {
    return [`--target=${this.pid}`, '--mount', '--net', '--pid', '--'];
  }

  private async connect(): Promise<void> {
    const { link, peer, machineIp, nodeIp, prefixLength, serviceRange, podRange } = NETWORK;
    const ip = (...args: readonly string[]) => command('ip', args, this.options);
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', peer, 'netns', String(this.pid));
    await this.makeCgroups();
    const script = join(import.meta.dirname, 'prepare-inside.sh');
    const address = `${nodeIp}/${prefixLength}`;
    await this.run('sh', script, this.directory.state, address, peer, serviceRange);
    await ip('address', 'add', `${machineIp}/${prefixLength}`, 'dev', link);
    await ip('link', 'set', link, 'up');
    for (const range of [serviceRange, podRange]) await ip('route', 'add', range, 'via', nodeIp, 'dev', link);
  }

  /** One below the root of each hierarchy; written down first, for who ends the node. */
  private async makeCgroups(): Promise<void> {
    const paths = (await readdir(CGROUPS)).map((name) => join(CGROUPS, name, this.directory.cgroup));
    await writeFile(join(this.directory.state, 'cgroups'), paths.map((path) => `${path}\n`).join(''));
    for (const path of paths) await mkdir(path, { recursive: true });
    const { node, system } = processorGroup(this.directory);
    await writeFile(join(node, 'cpu.shares'), String(NODE_SHARES));
    await mkdir(system, { recursive: true });
  }
}

/** The cgroups that share the processor: the node's, and in it, beside that of the pods, that of its own processes. */
export function processorGroup({ cgroup }: NodeDirectory): {
  readonly node: string;
  readonly system: string;
} {
  const node = join(CGROUPS, 'cpu', cgroup);
  return { node, system: join(node, 'system') };
}
