import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ProcessSpec } from '../supervisor/spawn-detached.ts';
import { serverProperties } from './server-properties.ts';

const run = promisify(execFile);

export interface EmbeddedKafkaOptions {
  readonly java: string;
  readonly jarsDir: string;
  /** Holds `data` and the configuration files. */
  readonly directory: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly env: NodeJS.ProcessEnv;
}

/** The heap starts small and grows as it is used; the serial collector has no threads of its own. */
const BROKER_JVM = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC'];
const FORMAT_JVM = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const LOG4J = `rootLogger.level=INFO
rootLogger.appenderRefs=stdout
rootLogger.appenderRef.stdout.ref=stdout
appender.stdout.type=Console
appender.stdout.name=stdout
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d{ISO8601} %p %c{1} %m%n
# Every setting there is, four times at each start.
logger.config.name=org.apache.kafka.common.config.AbstractConfig
logger.config.level=WARN
`;

/** Writes the configuration, formats the data directory the first time, and says what to run. */
export async function prepareEmbeddedKafka(options: EmbeddedKafkaOptions): Promise<ProcessSpec> {
  const { directory, java, env } = options;
  await mkdir(directory, { recursive: true });
  const log4j = join(directory, 'log4j2.properties');
  const properties = join(directory, 'server.properties');
  const dataDir = join(directory, 'data');
  await writeFile(log4j, LOG4J);
  await formatOnce(options, dataDir);
  await writeProperties(options, properties, dataDir);
  const args = [...BROKER_JVM, ...jvmCommon(options, log4j), 'kafka.Kafka', properties];
  return { command: java, args, env: quiet(env), cwd: directory };
}

/** Formats into a directory beside it, which gets its name when it is whole. */
async function formatOnce(options: EmbeddedKafkaOptions, dataDir: string): Promise<void> {
  const formatted = await stat(join(dataDir, 'meta.properties')).catch(() => undefined);
  if (formatted) return;
  const { directory, java, env } = options;
  const temporary = join(directory, 'data.formatting');
  const properties = join(directory, 'format.properties');
  await rm(temporary, { recursive: true, force: true });
  await writeProperties(options, properties, temporary);
  const clusterId = `S${randomBytes(16).toString('base64url').slice(1)}`;
  const storageTool = [
    'kafka.tools.StorageTool',
    'format',
    '--cluster-id',
    clusterId,
    '--config',
    properties,
  ];
  const args = [...FORMAT_JVM, ...jvmCommon(options, join(directory, 'log4j2.properties')), ...storageTool];
  await run(java, args, { env: quiet(env), cwd: directory, maxBuffer: 16 * 1024 * 1024, timeout: 120_000 });
  await rm(dataDir, { recursive: true, force: true });
  await rename(temporary, dataDir);
}

function writeProperties(options: EmbeddedKafkaOptions, file: string, logDir: string): Promise<void> {
  const { port, controllerPort } = options;
  return writeFile(file, serverProperties({ listenHost: '127.0.0.1', port, controllerPort, logDir }));
}

/** zstd and snappy unpack native code into the temporary directory: it may not be one mounted noexec. */
function jvmCommon({ directory, jarsDir }: EmbeddedKafkaOptions, log4j: string): string[] {
  return [`-Dlog4j2.configurationFile=${log4j}`, `-Djava.io.tmpdir=${directory}`, '-cp', join(jarsDir, '*')];
}

/** Options meant for the user's own JVMs (agents, debuggers on a fixed port) have no business in the broker. */
function quiet(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { JAVA_TOOL_OPTIONS: _tool, _JAVA_OPTIONS: _options, JDK_JAVA_OPTIONS: _jdk, ...rest } = env;
  return rest;
}
