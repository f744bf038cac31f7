import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Generator, LoadResult, LoadSpec } from './generator.ts';
import { REQUEST_TIMEOUT_SECONDS } from './generator.ts';
import { readProcesses } from './process-usage.ts';

const CPU_SAMPLE_MS = 200;

/** The parts of k6's summary that are read. Times in ms. */
export interface K6Summary {
  readonly metrics: Readonly<
    Record<string, { readonly values: Readonly<Record<string, number>> } | undefined>
  >;
}

/** Load by k6. Pipelining it cannot do: `fallback` takes that. */
export function createK6Generator(binary: string, fallback: Generator): Generator {
  return {
    name: 'k6',
    run: (spec) => (spec.model.kind === 'pipelined' ? fallback.run(spec) : runK6(binary, spec)),
  };
}

async function runK6(binary: string, spec: LoadSpec): Promise<LoadResult> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-k6-'));
  try {
    const summary = join(directory, 'summary.json');
    const script = join(import.meta.dirname, '..', 'scenarios', `${spec.model.kind}.js`);
    const settings = Object.entries({ ...toEnv(spec), SUMMARY: summary }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    const trend = '--summary-trend-stats=avg,min,med,max,p(95),p(99),count';
    const cpuSeconds = await spawnAndWatch(binary, [
      'run',
      '--quiet',
      '--no-usage-report',
      trend,
      ...settings,
      script,
    ]);
    return summarizeK6(JSON.parse(await readFile(summary, 'utf8')) as K6Summary, cpuSeconds);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function toEnv({
  url,
  model,
  seconds,
  seed,
  accounts,
  idempotent,
}: LoadSpec): Record<string, string | number> {
  return {
    URL: url,
    SECONDS: seconds,
    SEED: seed,
    ACCOUNTS: accounts,
    TIMEOUT_SECONDS: REQUEST_TIMEOUT_SECONDS,
    IDEMPOTENT: idempotent ? randomUUID() : '',
    ...(model.kind === 'closed' && { USERS: model.users, RAMP_SECONDS: model.rampSeconds }),
    ...(model.kind === 'open' && { USERS: model.maxInFlight, RATE: model.ratePerSecond }),
  };
}

/** Runs a program to its end and returns the CPU seconds it used, to the last sample. */
async function spawnAndWatch(binary: string, args: readonly string[]): Promise<number | undefined> {
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => void child.kill();
  process.once('exit', kill);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4_000);
  });
  let cpuSeconds: number | undefined;
  const timer = setInterval(() => {
    void readProcesses().then((table) => {
      cpuSeconds = table.alone(child.pid!)?.cpuSeconds ?? cpuSeconds;
      return undefined;
    });
  }, CPU_SAMPLE_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) throw new Error(`k6 ended with ${code}:\n${stderr}`);
    return cpuSeconds;
  } finally {
    clearInterval(timer);
    process.off('exit', kill);
    kill();
  }
}

/** Reads k6's end-of-test summary. */
export function summarizeK6({ metrics }: K6Summary, cpuSeconds: number | undefined): LoadResult {
  const prefix = 'sluice_error_';
  const errors = Object.fromEntries(
    Object.entries(metrics)
      .filter(([name, metric]) => name.startsWith(prefix) && (metric?.values['count'] ?? 0) > 0)
      .map(([name, metric]) => [name.slice(prefix.length), metric!.values['count']!]),
  );
  const reply = metrics['sluice_reply_ms']?.values ?? {};
  const ok = reply['count'] ?? 0;
  return {
    generator: 'k6',
    sent: ok + Object.values(errors).reduce((sum, count) => sum + count, 0),
    ok,
    errors,
    dropped: metrics['dropped_iterations']?.values['count'] ?? 0,
    reply: {
      p50: reply['med'],
      p95: reply['p(95)'],
      p99: reply['p(99)'],
      max: reply['max'],
      mean: reply['avg'],
    },
    cpuSeconds,
  };
}
