import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpuPerTransaction } from '../lib/cpu.ts';
import type { Generator } from '../lib/generator.ts';
import { measure } from '../lib/measure.ts';
import { openDatabase } from '../lib/run-facts.ts';
import type { Servers } from '../lib/start-target.ts';
import { startTarget } from '../lib/start-target.ts';
import { createTemporaryDirectory } from '../lib/temporary-directory.ts';
import type { Measured, Sampling } from './report.ts';
import type { Sink } from './sink.ts';
import { followFile, switchTo } from './switching.ts';

const MODEL = { kind: 'closed', users: 40, rampSeconds: 0 } as const;
export const ACCOUNTS = 1_000;
export const REMOTE_LATENCY_MS = 450;

/** All services, with tracing on or off for as long as they live. */
export interface Stand {
  /** Offers load for so many seconds, and returns what came of it when all of it has ended. */
  load(sampling: Sampling, seconds: number): Promise<Measured>;
  close(): Promise<void>;
}

export interface StandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly servers: Servers;
  /** Takes the spans. */
  readonly sink: Sink;
  readonly generator: Generator;
  readonly signal: AbortSignal;
}

export async function openStand(tracing: boolean, options: StandOptions): Promise<Stand> {
  const { env, servers, sink, generator, signal } = options;
  const directory = await createTemporaryDirectory('tracing');
  const file = join(directory.path, 'sampled');
  await writeFile(file, '0');
  const services = await startTarget({
    env: { ...env, ...servers.env, ...(tracing ? tracingOn(sink, file) : { OTEL_SDK_DISABLED: 'true' }) },
    accounts: ACCOUNTS,
    remoteLatencyMs: REMOTE_LATENCY_MS,
    onCrash: (message) => process.stdout.write(`${message}\n`),
    signal,
  }).catch(async (error: unknown) => {
    await directory.remove();
    throw error;
  });
  const target = {
    ...services,
    processes: async () => [...(await services.processes()), ...servers.processes],
  };
  const database = openDatabase(servers.databaseUrl);
  let seed = 0;

  return {
    load: async (sampling, seconds) => {
      if (sampling !== undefined) await switchTo(sampling, file);
      const before = await sink.usage();
      const measured = await measure(
        { target, database, generator },
        { mode: 'async', model: MODEL, seconds, seed: ++seed },
      );
      const after = await sink.usage();
      const cpu = cpuPerTransaction(measured);
      const { accepted, drainSeconds = NaN } = measured;
      return {
        completedPerSecond: accepted / (seconds + drainSeconds),
        cpuMicros: cpu?.system,
        cpuMicrosOf: cpu?.byComponent ?? {},
        bytesPerTransaction: (after.bytes - before.bytes) / accepted,
        sinkMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / accepted,
      };
    },
    close: async () => {
      await database.close().catch(() => undefined);
      await services.close();
      await directory.remove();
    },
  };
}

function tracingOn({ endpoint }: Sink, file: string): NodeJS.ProcessEnv {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, NODE_OPTIONS: followFile(file) };
}
