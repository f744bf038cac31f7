import { chooseGenerator } from '../lib/choose-generator.ts';
import { cpuPerTransaction } from '../lib/cpu.ts';
import { rate } from '../lib/format.ts';
import type { Generator } from '../lib/generator.ts';
import type { Interruption } from '../lib/interruption.ts';
import { listenForInterruption } from '../lib/interruption.ts';
import { describeMachine } from '../lib/machine.ts';
import { measure } from '../lib/measure.ts';
import { runBench } from '../lib/run-bench.ts';
import { openDatabase } from '../lib/run-facts.ts';
import { startTarget } from '../lib/start-target.ts';
import type { TracingOptions } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import type { Sample, Sampling } from './report.ts';
import { SAMPLINGS, writeReport } from './report.ts';
import type { Sink } from './sink.ts';
import { openSink } from './sink.ts';

const MODEL = { kind: 'closed', users: 40, rampSeconds: 0 } as const;
/** For Node to have compiled what is used: in the first seconds all of it costs several times as much. */
const WARM_UP_SECONDS = 30;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench({ help: _help, out, ...options }: TracingOptions): Promise<void> {
  const interruption = listenForInterruption();
  const generator = await chooseGenerator('autocannon');
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++)
    // The other way round every second time: what warms up or wears out in the machine favours nobody.
    for (const sampling of round % 2 === 1 ? SAMPLINGS : SAMPLINGS.toReversed()) {
      const measured = await sample({ sampling, seconds: options.seconds, generator, interruption });
      samples.push({ round, sampling, ...measured });
      say(
        `round ${round}: ${sampling ?? 'nothing'} traced, completed ${rate(measured.completedPerSecond)}/s`,
      );
    }
  const machine = await describeMachine();
  await writeReport(out, { format: 1, measuredAt: new Date().toISOString(), machine, options, samples });
  say(`Written to ${out}/tracing.md and tracing.json.`);
}

interface SampleOptions {
  readonly sampling: Sampling;
  readonly seconds: number;
  readonly generator: Generator;
  readonly interruption: Interruption;
}

/** One measurement on a stack of its own. */
async function sample(options: SampleOptions): Promise<Omit<Sample, 'round' | 'sampling'>> {
  const { sampling, seconds, generator, interruption } = options;
  const sink = await openSink();
  const target = await startTarget({
    env: { ...process.env, ...tracing(sampling, sink) },
    accounts: 1_000,
    remoteLatencyMs: 450,
    onCrash: say,
    signal: interruption.signal,
  });
  const database = openDatabase(target.databaseUrl);
  const deps = { target, database, generator };
  const run = async () => {
    await measure(deps, { mode: 'async', model: MODEL, seconds: WARM_UP_SECONDS, seed: 1 });
    const before = await sink.usage();
    const measured = await measure(deps, { mode: 'async', model: MODEL, seconds, seed: 2 });
    const after = await sink.usage();
    return {
      completedPerSecond: measured.completedPerSecond,
      cpuMicros: cpuPerTransaction(measured)?.system,
      bytesPerTransaction: (after.bytes - before.bytes) / measured.accepted,
      sinkMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / measured.accepted,
    };
  };
  try {
    return await Promise.race([run(), interruption.happened]);
  } finally {
    await database.close().catch(() => undefined);
    await target.close();
    sink.close();
  }
}

function tracing(sampling: Sampling, { endpoint }: Sink): NodeJS.ProcessEnv {
  if (sampling === undefined) return { OTEL_SDK_DISABLED: 'true' };
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: String(sampling) };
}
