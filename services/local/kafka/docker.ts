import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeFileAtomic } from '../atomic-file.ts';
import type { ProcessSpec } from '../supervisor/spawn-detached.ts';
import { serverProperties } from './server-properties.ts';

const run = promisify(execFile);

export const KAFKA_IMAGE = 'apache/kafka:4.3.1';

export interface DockerKafkaOptions {
  /** Holds the configuration; the data is in a volume named after this directory. */
  readonly directory: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly env: NodeJS.ProcessEnv;
}

/** Whether a Docker engine answers, not only whether its client is installed. */
export async function dockerAnswers(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const { stdout } = await run('docker', ['info', '--format', '{{.ServerVersion}}'], {
      env,
      timeout: 10_000,
    });
    return stdout.trim() !== '';
  } catch {
    return false;
  }
}

/** Fetches the image unless the engine has it. */
export async function pullImage(env: NodeJS.ProcessEnv, onProgress?: (text: string) => void): Promise<void> {
  const known = await run('docker', ['image', 'inspect', KAFKA_IMAGE], { env }).catch(() => undefined);
  if (known) return;
  onProgress?.(`pulling ${KAFKA_IMAGE}`);
  await run('docker', ['pull', '--quiet', KAFKA_IMAGE], { env, timeout: 600_000 });
}

/** Container and volume of a data directory. */
export function dockerName(directory: string): string {
  return `sluice-kafka-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`;
}

/**
 * Writes the configuration, clears away a container that a kill left behind, and says what to run. The image
 * formats the volume itself the first time. The client in front passes signals on to the broker.
 */
export async function prepareDockerKafka(options: DockerKafkaOptions): Promise<ProcessSpec> {
  const { directory, env } = options;
  const config = join(directory, 'docker-config');
  await mkdir(config, { recursive: true });
  await run('docker', ['rm', '--force', dockerName(directory)], { env }).catch(() => {});
  const { port, controllerPort } = options;
  const logDir = '/var/lib/kafka/data';
  const properties = serverProperties({ listenHost: '0.0.0.0', port, controllerPort, logDir });
  await writeFile(join(config, 'server.properties'), properties);
  const args = dockerRunArgs({ ...options, config, clusterId: await clusterIdOf(directory) });
  return { command: 'docker', args, env, cwd: directory };
}

/** Removes container and volume: all that the broker has stored. */
export async function wipeDockerKafka(directory: string, env: NodeJS.ProcessEnv): Promise<void> {
  await run('docker', ['rm', '--force', '--volumes', dockerName(directory)], { env }).catch(() => {});
  await run('docker', ['volume', 'rm', '--force', dockerName(directory)], { env }).catch(() => {});
}

export function dockerRunArgs(options: {
  readonly directory: string;
  readonly config: string;
  readonly port: number;
  readonly clusterId: string;
}): string[] {
  const { directory, config, port, clusterId } = options;
  const name = dockerName(directory);
  return [
    'run',
    '--rm',
    `--name=${name}`,
    `--publish=127.0.0.1:${port}:${port}`,
    `--volume=${name}:/var/lib/kafka/data`,
    `--volume=${config}:/mnt/shared/config:ro`,
    `--env=CLUSTER_ID=${clusterId}`,
    '--env=KAFKA_HEAP_OPTS=-Xms64m -Xmx384m',
    KAFKA_IMAGE,
  ];
}

/** Kept beside the volume: the image wants the id at every start, and the same one. */
async function clusterIdOf(directory: string): Promise<string> {
  const file = join(directory, 'docker-cluster-id');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known;
  const id = `S${randomBytes(16).toString('base64url').slice(1)}`;
  await writeFileAtomic(file, id);
  return id;
}
