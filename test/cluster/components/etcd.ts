import { join } from 'node:path';
import type { ManagedProcess } from '../../../services/local/supervisor/managed-process.ts';
import type { ComponentOptions } from './component.ts';
import { component } from './component.ts';

export type Base = Pick<ComponentOptions, 'data' | 'command' | 'env'>;

export interface EtcdPorts {
  readonly client: number;
  readonly peer: number;
}

/** A store of one member on loopback that forgets when the machine does: it never waits for the disk. */
export function etcdFlags(dataDir: string, ports: EtcdPorts): string[] {
  const client = `http://127.0.0.1:${ports.client}`;
  const peer = `http://127.0.0.1:${ports.peer}`;
  return [
    `--data-dir=${dataDir}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

export function etcd(base: Base, ports: EtcdPorts): ManagedProcess {
  const args = etcdFlags(join(base.data.path, 'etcd'), ports);
  const probe = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${ports.client}/health`, {
      signal: AbortSignal.timeout(2_000),
    });
    await response.body?.cancel();
    return response.ok;
  };
  return component({ ...base, name: 'etcd', args, probe });
}
