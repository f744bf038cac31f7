import { chooseGenerator } from '../lib/choose-generator.ts';
import { micros, rate } from '../lib/format.ts';
import type { Interruption } from '../lib/interruption.ts';
import { listenForInterruption } from '../lib/interruption.ts';
import { describeMachine } from '../lib/machine.ts';
import { runBench } from '../lib/run-bench.ts';
import { startServers } from '../lib/start-target.ts';
import type { TracingOptions } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import type { Measured, Sample, Sampling } from './report.ts';
import { SAMPLINGS, nameOf, writeReport } from './report.ts';
import { openSink } from './sink.ts';
import type { StandOptions } from './stand.ts';
import { ACCOUNTS, REMOTE_LATENCY_MS, openStand } from './stand.ts';
import { turn } from './turn.ts';

type Settings = Omit<TracingOptions, 'help' | 'out'>;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench({ help: _help, out, ...options }: TracingOptions): Promise<void> {
  const interruption = listenForInterruption();
  const generator = await chooseGenerator('autocannon');
  const sink = await openSink();
  const servers = await startServers({
    env: process.env,
    accounts: ACCOUNTS,
    remoteLatencyMs: REMOTE_LATENCY_MS,
    onCrash: say,
    signal: interruption.signal,
  });
  try {
    const deps = { env: process.env, servers, sink, generator, interruption };
    const samples = await measureRounds(options, deps);
    const machine = await describeMachine();
    await writeReport(out, { format: 4, measuredAt: new Date().toISOString(), machine, options, samples });
    say(`Written to ${out}/tracing.md and tracing.json.`);
  } finally {
    sink.close();
    await servers.close();
  }
}

interface Deps extends Omit<StandOptions, 'signal'> {
  readonly interruption: Interruption;
}

/** The first measurement, which warms up Kafka and Postgres, is left out. */
async function measureRounds(options: Settings, deps: Deps): Promise<Sample[]> {
  const [first] = SAMPLINGS;
  say(describe(0, first, await measureOne(first, options, deps)));
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++)
    for (const sampling of turn(SAMPLINGS, round)) {
      const measured = await measureOne(sampling, options, deps);
      say(describe(round, sampling, measured));
      samples.push({ round, sampling, ...measured });
    }
  return samples;
}

async function measureOne(
  sampling: Sampling,
  { warmUpSeconds, seconds }: Settings,
  { interruption, ...stands }: Deps,
): Promise<Measured> {
  const stand = await openStand(sampling, { ...stands, signal: interruption.signal });
  const loads = async () => {
    await stand.load(warmUpSeconds);
    return stand.load(seconds);
  };
  try {
    return await Promise.race([loads(), interruption.happened]);
  } finally {
    await stand.close();
  }
}

function describe(round: number, sampling: Sampling, { completedPerSecond, cpuMicros }: Measured): string {
  const what = round === 0 ? 'not counted' : `round ${round}`;
  return `${what}: ${nameOf(sampling)} traced, completed ${rate(completedPerSecond)}/s, ${micros(cpuMicros)} each`;
}
