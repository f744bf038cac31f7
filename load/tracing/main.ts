import { chooseGenerator } from '../lib/choose-generator.ts';
import { micros, rate } from '../lib/format.ts';
import type { Generator } from '../lib/generator.ts';
import type { Interruption } from '../lib/interruption.ts';
import { listenForInterruption } from '../lib/interruption.ts';
import { describeMachine } from '../lib/machine.ts';
import { runBench } from '../lib/run-bench.ts';
import type { TracingOptions } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import type { Sample } from './report.ts';
import { SAMPLINGS, nameOf, writeReport } from './report.ts';
import type { Stand } from './stand.ts';
import { openStand } from './stand.ts';
import { turn } from './turn.ts';

/** For Node to have compiled what is used: in the first seconds all of it costs several times as much. */
const WARM_UP_SECONDS = 30;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench({ help: _help, out, ...options }: TracingOptions): Promise<void> {
  const interruption = listenForInterruption();
  const generator = await chooseGenerator('autocannon');
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++)
    samples.push(...(await measureRound(round, { options, generator, interruption })));
  const machine = await describeMachine();
  await writeReport(out, { format: 3, measuredAt: new Date().toISOString(), machine, options, samples });
  say(`Written to ${out}/tracing.md and tracing.json.`);
}

interface Deps {
  readonly options: Omit<TracingOptions, 'help' | 'out'>;
  readonly generator: Generator;
  readonly interruption: Interruption;
}

/** All ways of sampling, each on a stack of its own, all up at the same time: short slices of load go around. */
async function measureRound(round: number, { options, generator, interruption }: Deps): Promise<Sample[]> {
  const { signal } = interruption;
  const stands: Stand[] = [];
  const run = async (): Promise<Sample[]> => {
    for (const sampling of SAMPLINGS)
      stands.push(await openStand({ sampling, env: process.env, generator, signal }));
    for (const stand of stands) await stand.load(WARM_UP_SECONDS);
    const samples: Sample[] = [];
    for (let slice = 1; slice <= options.slices; slice++)
      for (const stand of turn(stands, slice)) {
        const sample = { round, slice, sampling: stand.sampling, ...(await stand.load(options.seconds)) };
        samples.push(sample);
        say(describe(sample));
      }
    return samples;
  };
  try {
    return await Promise.race([run(), interruption.happened]);
  } finally {
    await Promise.all(stands.map((stand) => stand.close()));
  }
}

function describe({ round, slice, sampling, completedPerSecond, cpuMicros }: Sample): string {
  const what = `round ${round}, slice ${slice}: ${nameOf(sampling)} traced`;
  return `${what}, completed ${rate(completedPerSecond)}/s, ${micros(cpuMicros)} each`;
}
