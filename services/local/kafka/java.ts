import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The oldest Java that Kafka 4 brokers run on. */
export const MIN_JAVA_MAJOR = 17;

const run = promisify(execFile);

export interface Java {
  readonly command: string;
  readonly major: number;
}

/** The first Java of at least MIN_JAVA_MAJOR among JAVA_HOME, PATH and, on macOS, the registered ones. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<Java | undefined> {
  const candidates = [
    ...(env['JAVA_HOME'] ? [join(env['JAVA_HOME'], 'bin', 'java')] : []),
    'java',
    ...(process.platform === 'darwin' ? await macJava() : []),
  ];
  for (const command of candidates) {
    const major = await javaMajor(command, env);
    if (major !== undefined && major >= MIN_JAVA_MAJOR) return { command, major };
  }
  return undefined;
}

/** Reads `java -version`: `version "17.0.15"`, `version "25" 2025-09-16`, and of old ones `"1.8.0_392"`. */
export function parseJavaMajor(output: string): number | undefined {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(output);
  if (!match) return undefined;
  return match[1] === '1' ? Number(match[2]) : Number(match[1]);
}

async function javaMajor(command: string, env: NodeJS.ProcessEnv): Promise<number | undefined> {
  try {
    const { stderr, stdout } = await run(command, ['-version'], { env, timeout: 10_000 });
    return parseJavaMajor(stderr + stdout);
  } catch {
    return undefined;
  }
}

async function macJava(): Promise<string[]> {
  try {
    const { stdout } = await run('/usr/libexec/java_home', ['-v', `${MIN_JAVA_MAJOR}+`], { timeout: 10_000 });
    return [join(stdout.trim(), 'bin', 'java')];
  } catch {
    return [];
  }
}
