import { cpuPerTransaction } from '../lib/cpu.ts';
import type { Generator } from '../lib/generator.ts';
import { measure } from '../lib/measure.ts';
import { openDatabase } from '../lib/run-facts.ts';
import { startTarget } from '../lib/start-target.ts';
import type { Measured, Sampling } from './report.ts';
import type { Sink } from './sink.ts';
import { openSink } from './sink.ts';

const MODEL = { kind: 'closed', users: 40, rampSeconds: 0 } as const;

/** A stack of its own with one way of sampling, and the process that takes its spans. */
export interface Stand {
  readonly sampling: Sampling;
  /** Offers load for so many seconds, and returns what came of it when all of it has ended. */
  load(seconds: number): Promise<Measured>;
  close(): Promise<void>;
}

export interface StandOptions {
  readonly sampling: Sampling;
  readonly env: NodeJS.ProcessEnv;
  readonly generator: Generator;
  readonly signal: AbortSignal;
}

export async function openStand({ sampling, env, generator, signal }: StandOptions): Promise<Stand> {
  const sink = await openSink();
  const target = await startTarget({
    env: { ...env, ...tracing(sampling, sink) },
    accounts: 1_000,
    remoteLatencyMs: 450,
    onCrash: (message) => process.stdout.write(`${message}\n`),
    signal,
  });
  const database = openDatabase(target.databaseUrl);
  let seed = 0;
  return {
    sampling,
    load: async (seconds) => {
      const before = await sink.usage();
      const measured = await measure(
        { target, database, generator },
        { mode: 'async', model: MODEL, seconds, seed: ++seed },
      );
      const after = await sink.usage();
      const cpu = cpuPerTransaction(measured);
      return {
        completedPerSecond: measured.completedPerSecond,
        cpuMicros: cpu?.system,
        cpuMicrosOf: cpu?.byComponent ?? {},
        bytesPerTransaction: (after.bytes - before.bytes) / measured.accepted,
        sinkMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / measured.accepted,
      };
    },
    close: async () => {
      await database.close().catch(() => undefined);
      await target.close();
      sink.close();
    },
  };
}

function tracing(sampling: Sampling, { endpoint }: Sink): NodeJS.ProcessEnv {
  if (sampling === undefined || sampling === 'control') return { OTEL_SDK_DISABLED: 'true' };
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: String(sampling) };
}
