import type { DataDirectory } from '../../../services/local/data-directory.ts';
import { ManagedProcess } from '../../../services/local/supervisor/managed-process.ts';

export interface ComponentOptions {
  readonly data: DataDirectory;
  readonly name: string;
  /** Path of the binary. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly probe: () => Promise<boolean>;
  /** How it is asked to end, also when this process dies. Default SIGKILL: what it stores is not kept. */
  readonly stopSignal?: NodeJS.Signals;
}

const STOP_TIMEOUT_MS = 10_000;

/**
 * One process of a cluster: restarted when it ends by itself, as an init system would, and ended when this process
 * dies, by whatever signal.
 */
export function component(options: ComponentOptions): ManagedProcess {
  const { data, name, command, args, env, probe, stopSignal = 'SIGKILL' } = options;
  return new ManagedProcess({
    name,
    prepare: async () => ({ command, args, env: onlyOwn(env), cwd: data.path }),
    probe,
    logFile: data.log(name),
    pidFile: data.pidFile(name),
    parentDeath: 'guard',
    stopSignal,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
}

/** Everything is said by flags; a proxy or ETCD_* variable of the user's would change what they mean. */
function onlyOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, TZ } = env;
  return { PATH, HOME, TMPDIR, TZ };
}
