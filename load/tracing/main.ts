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
import { OFF, ON, nameOf, writeReport } from './report.ts';
import { openSink } from './sink.ts';
import type { StandOptions } from './stand.ts';
import { ACCOUNTS, REMOTE_LATENCY_MS, openStand } from './stand.ts';
import { balancedTurn, turn } from './turn.ts';

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
    await writeReport(out, { format: 6, measuredAt: new Date().toISOString(), machine, options, samples });
    say(`Written to ${out}/tracing.md and tracing.json.`);
  } finally {
    sink.close();
    await servers.close();
  }
}

interface Deps extends Omit<StandOptions, 'signal'> {
  readonly interruption: Interruption;
}

async function measureRounds(options: Settings, deps: Deps): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++)
    for (const samplings of turn([OFF, ON], round))
      for (const sample of await measureStand(samplings, round, options, deps)) samples.push(sample);
  return samples;
}

/** The services from their start to their end: warmed up with all ways of sampling, which then take turns. */
async function measureStand(
  samplings: readonly Sampling[],
  round: number,
  { warmUpSeconds, times, seconds }: Settings,
  { interruption, ...stands }: Deps,
): Promise<Sample[]> {
  const stand = await openStand(samplings !== OFF, { ...stands, signal: interruption.signal });
  const samples: Sample[] = [];
  const loads = async () => {
    for (const sampling of samplings.toReversed())
      await stand.load(sampling, warmUpSeconds / samplings.length);
    for (let time = 1; time <= times; time++)
      for (const sampling of balancedTurn(samplings, times * round + time)) {
        const measured = await stand.load(sampling, seconds);
        say(describe(round, sampling, measured));
        samples.push({ round, time, sampling, ...measured });
      }
  };
  try {
    await Promise.race([loads(), interruption.happened]);
    return samples;
  } finally {
    await stand.close();
  }
}

function describe(round: number, sampling: Sampling, { completedPerSecond, cpuMicros }: Measured): string {
  return `round ${round}: ${nameOf(sampling)}, completed ${rate(completedPerSecond)}/s, ${micros(cpuMicros)} each`;
}
