import { join } from 'node:path';

/** Where local mode keeps everything it stores. */
export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  /** Log of a process. */
  log(name: string): string;
  readonly pidDir: string;
  pidFile(name: string): string;
  readonly lockFile: string;
  /** Environment of a running stack, for the command line. */
  readonly envFile: string;
}

export function dataDirectory(path: string): DataDirectory {
  const pidDir = join(path, 'run');
  return {
    path,
    log: (name) => join(path, 'logs', `${name}.log`),
    pidDir,
    pidFile: (name) => join(pidDir, `${name}.pid`),
    lockFile: join(path, 'lock'),
    envFile: join(path, 'local.env'),
  };
}
