import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerAdmin } from '../../broker/port.ts';
import type { Crash } from '../supervisor/managed-process.ts';
import type { ProcessSpec } from '../supervisor/spawn-detached.ts';
import { ManagedProcess } from '../supervisor/managed-process.ts';
import type { DataDirectory } from '../data-directory.ts';
import { KAFKA_IMAGE, dockerAnswers, prepareDockerKafka, pullImage, wipeDockerKafka } from './docker.ts';
import { prepareEmbeddedKafka } from './embedded.ts';
import { KAFKA_VERSION, ensureJars } from './jars.ts';
import type { Java } from './java.ts';
import { MIN_JAVA_MAJOR, findJava } from './java.ts';
import { onceAnswered } from '../once-answered.ts';

export const KAFKA_STOP = { stopSignal: 'SIGTERM', stopTimeoutMs: 20_000 } as const;

/** The machine has nothing to run a broker with. The process exits with code 2. */
export class KafkaUnavailableError extends Error {
  readonly code = 'kafka-unavailable';
}

export interface KafkaOptions {
  readonly data: DataDirectory;
  readonly cacheDir: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly env: NodeJS.ProcessEnv;
  readonly createAdmin: (brokers: readonly string[]) => BrokerAdmin;
  readonly onProgress?: (text: string) => void;
  readonly onCrash?: (crash: Crash) => void;
  /** Aborted: end the download. */
  readonly signal?: AbortSignal;
}

export interface LocalKafka {
  readonly process: ManagedProcess;
  /** What it runs on, for people. */
  readonly runtime: string;
  /** Removes all that a stopped broker has stored. */
  wipe(): Promise<void>;
}

const WHAT_IT_TAKES = `Kafka needs one of these:
  - a JDK ${MIN_JAVA_MAJOR} or newer and Maven
    (Debian, Ubuntu: apt install openjdk-17-jdk-headless maven; macOS: brew install openjdk maven)
  - Docker, running
  - a cluster of yours: KAFKA_BROKERS=host:port`;

type Runtime =
  | { readonly kind: 'embedded'; readonly java: Java; readonly jarsDir: string }
  | { readonly kind: 'docker' };

/**
 * A real broker: from its jars on the machine's Java, else in Docker. Not started yet.
 * @throws KafkaUnavailableError, MavenError
 */
export async function createKafka(options: KafkaOptions): Promise<LocalKafka> {
  const { port, data } = options;
  const broker = `127.0.0.1:${port}`;
  const directory = join(data.path, 'kafka');
  const runtime = await chooseRuntime(options);
  const { probe, reset } = onceAnswered(port, () => askOnce(options.createAdmin([broker])));
  const kafka = new ManagedProcess({
    name: 'kafka',
    prepare: () => {
      reset();
      return prepare(runtime, { ...options, directory });
    },
    probe,
    logFile: data.log('kafka'),
    pidFile: data.pidFile('kafka'),
    parentDeath: 'guard',
    ...KAFKA_STOP,
    ...(options.onCrash ? { onCrash: options.onCrash } : {}),
  });
  const wipe = async () => {
    if (runtime.kind === 'docker') await wipeDockerKafka(directory, options.env);
    await rm(join(directory, 'data'), { recursive: true, force: true });
  };
  const label =
    runtime.kind === 'docker' ? KAFKA_IMAGE : `Kafka ${KAFKA_VERSION} on Java ${runtime.java.major}`;
  return { process: kafka, runtime: label, wipe };
}

async function chooseRuntime(options: KafkaOptions): Promise<Runtime> {
  const { env, onProgress } = options;
  const java = await findJava(env);
  const problems: string[] = [];
  const attempt = async (work: () => Promise<Runtime>): Promise<Runtime | undefined> => {
    try {
      return await work();
    } catch (error) {
      options.signal?.throwIfAborted();
      problems.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const embedded =
    java && (await attempt(async () => ({ kind: 'embedded', java, jarsDir: await ensureJars(options) })));
  if (embedded) return embedded;
  if (!java) problems.push(`No Java ${MIN_JAVA_MAJOR} or newer was found in JAVA_HOME or on the PATH.`);
  if (await dockerAnswers(env)) {
    const docker = await attempt(() => pullImage(env, onProgress).then(() => ({ kind: 'docker' })));
    if (docker) return docker;
  } else problems.push('No Docker engine answers.');
  throw new KafkaUnavailableError(`${WHAT_IT_TAKES}\n${problems.join('\n')}`);
}

/** A request by the client library: what the services will need of the broker. */
async function askOnce(admin: BrokerAdmin): Promise<void> {
  try {
    await admin.ensureTopics([]);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

function prepare(
  runtime: Runtime,
  options: KafkaOptions & { readonly directory: string },
): Promise<ProcessSpec> {
  const { directory, port, controllerPort, env } = options;
  const common = { directory, port, controllerPort, env };
  if (runtime.kind === 'docker') return prepareDockerKafka(common);
  return prepareEmbeddedKafka({ ...common, java: runtime.java.command, jarsDir: runtime.jarsDir });
}
