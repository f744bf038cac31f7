import { chmod, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataDirectory } from '../data-directory.ts';
import { dockerName, dockerRunArgs } from './docker.ts';
import { ensureJars, jarsDirectory } from './jars.ts';
import { parseJavaMajor } from './java.ts';
import { KafkaUnavailableError, createKafka } from './kafka.ts';
import { serverProperties } from './server-properties.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kafka-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A PATH on which only these commands are, as shell scripts. */
async function path(commands: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return { PATH: bin };
}

const JAVA_21 = `echo 'openjdk version "21.0.2"' >&2`;
const MAVEN = `
echo '[INFO] Downloaded from central: x/kafka.jar (1 kB)'
for arg; do case $arg in -DoutputDirectory=*) d=\${arg#*=};; esac; done
/bin/mkdir -p "$d" && echo jar > "$d/kafka.jar"`;

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['The operation couldn’t be completed.', undefined],
])('reads the major version of %s', (text, major) => {
  expect(parseJavaMajor(text)).toBe(major);
});

test('fetches the jars once, and tells of it', async () => {
  const env = await path({ mvn: `${MAVEN}; echo run >> ${directory}/runs` });
  const told: string[] = [];
  const cacheDir = join(directory, 'cache');
  const first = await ensureJars({ cacheDir, env, onProgress: (text) => told.push(text) });
  expect(await readdir(first)).toEqual(['kafka.jar']);
  expect(told).toEqual(['1 jars fetched']);
  expect(await ensureJars({ cacheDir, env: { PATH: '' } })).toBe(first);
});

test('a download that fails leaves nothing that looks like jars', async () => {
  const env = await path({ mvn: `${MAVEN}; echo '[ERROR] no route to host'; exit 1` });
  const cacheDir = join(directory, 'cache');
  await expect(ensureJars({ cacheDir, env })).rejects.toThrow(/exit 1[^]*no route to host/);
  expect(await readdir(cacheDir)).toEqual([]);
});

test('two downloads at the same time both end well', async () => {
  const env = await path({ mvn: MAVEN });
  const cacheDir = join(directory, 'cache');
  const [one, other] = await Promise.all([ensureJars({ cacheDir, env }), ensureJars({ cacheDir, env })]);
  expect(one).toBe(other);
  expect(await readdir(cacheDir)).toHaveLength(1);
});

test('an old download that was killed is cleared away, a young one and strangers are not', async () => {
  const cacheDir = join(directory, 'cache');
  const jars = await jarsDirectory(cacheDir);
  for (const name of [`${jars}.old.tmp`, `${jars}.young.tmp`, join(cacheDir, 'notes.tmp')])
    await mkdir(name, { recursive: true });
  for (const name of [`${jars}.old.tmp`, join(cacheDir, 'notes.tmp')]) await utimes(name, 0, 0);
  await ensureJars({ cacheDir, env: await path({ mvn: MAVEN }) });
  const left = (await readdir(cacheDir)).map((name) => join(cacheDir, name)).sort();
  expect(left).toEqual([jars, `${jars}.young.tmp`, join(cacheDir, 'notes.tmp')].sort());
});

function create(env: NodeJS.ProcessEnv) {
  const createAdmin = () => {
    throw new Error('not asked');
  };
  const data = dataDirectory(join(directory, 'data'));
  return createKafka({
    data,
    cacheDir: join(directory, 'cache'),
    port: 1,
    controllerPort: 2,
    env,
    createAdmin,
  });
}

test('takes Java and Maven where they are', async () => {
  expect((await create(await path({ java: JAVA_21, mvn: MAVEN }))).runtime).toBe('Kafka 4.3.1 on Java 21');
});

test('takes Docker where there is no Java that is new enough, or no Maven', async () => {
  const docker = `echo "$@" >> ${directory}/docker; case "$1 $2" in 'info '*) echo 28.0 ;; 'image '*) exit 1 ;; esac`;
  for (const others of [{ java: `echo 'version "11.0.2"' >&2` }, { java: JAVA_21, mvn: 'exit 1' }])
    expect((await create(await path({ ...others, docker }))).runtime).toBe('apache/kafka:4.3.1');
  expect(await readFile(`${directory}/docker`, 'utf8')).toContain('pull --quiet apache/kafka:4.3.1\n');
});

test('says in one message what to install', async () => {
  const withoutJava = create(
    await path({ docker: `echo 'Cannot connect to the Docker daemon' >&2; exit 1` }),
  );
  await expect(withoutJava).rejects.toThrow(KafkaUnavailableError);
  await expect(withoutJava).rejects.toThrow(/JDK 17[^]*Docker[^]*KAFKA_BROKERS[^]*No Java 17/);
  await expect(create(await path({ java: JAVA_21 }))).rejects.toThrow(/Maven \(mvn\) is not on the PATH/);
});

test('the container is bound to loopback, keeps its data in a volume, and reads our configuration', () => {
  const args = dockerRunArgs({
    directory: '/data/kafka',
    config: '/data/kafka/c',
    port: 9092,
    clusterId: 'S1',
  });
  const name = dockerName('/data/kafka');
  expect(args).toEqual(
    expect.arrayContaining([
      `--name=${name}`,
      '--publish=127.0.0.1:9092:9092',
      `--volume=${name}:/var/lib/kafka/data`,
      '--volume=/data/kafka/c:/mnt/shared/config:ro',
      '--env=CLUSTER_ID=S1',
    ]),
  );
  expect(args.at(-1)).toBe('apache/kafka:4.3.1');
});

test('the configuration names its ports and escapes its path', () => {
  const text = serverProperties({
    listenHost: '127.0.0.1',
    port: 9092,
    controllerPort: 9093,
    logDir: 'C:\\data',
  });
  expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n');
  expect(text).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:9092\n');
  expect(text).toContain('controller.quorum.voters=1@127.0.0.1:9093\n');
  expect(text).toContain('log.dirs=C:\\\\data\n');
});
