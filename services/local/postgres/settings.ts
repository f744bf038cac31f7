/**
 * Tuned for many small writes on one machine, with every guarantee on: fsync, synchronous_commit and
 * full_page_writes stay at their defaults and are named here so that nobody has to look them up.
 */
export const POSTGRES_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  jit: 'off',
  autovacuum_naptime: '10s',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** Longest path of a Unix socket that Linux and macOS both take, less the socket's own name. */
const MAX_SOCKET_DIRECTORY = 80;

export interface ServerArgs {
  readonly directory: string;
  readonly port: number;
  /** lz4 where this build has it; pglz costs more than it saves. */
  readonly walCompression: 'lz4' | 'off';
}

/** Arguments of `postgres`: settings are code and take effect at the next start, whatever the data directory says. */
export function serverArgs({ directory, port, walCompression }: ServerArgs): string[] {
  const settings = {
    ...POSTGRES_SETTINGS,
    wal_compression: walCompression,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: Buffer.byteLength(directory) <= MAX_SOCKET_DIRECTORY ? directory : '',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', directory, '-p', String(port), ...flags];
}
