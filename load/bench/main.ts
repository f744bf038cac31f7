import { chooseGenerator } from '../lib/choose-generator.ts';
import type { Generator } from '../lib/generator.ts';
import type { Interruption } from '../lib/interruption.ts';
import { listenForInterruption } from '../lib/interruption.ts';
import { runBench } from '../lib/run-bench.ts';
import { describeMachine } from '../lib/machine.ts';
import type { Mode } from '../lib/measure.ts';
import { MODES } from '../lib/measure.ts';
import { openDatabase } from '../lib/run-facts.ts';
import { TUNING, startTarget } from '../lib/start-target.ts';
import { bulkRow } from './bulk-row.ts';
import { completedRow } from './completed-row.ts';
import { acceptRow, endToEndRow, oneUserRow, ratioRow, step } from './load-rows.ts';
import { localRows } from './local-rows.ts';
import type { BenchOptions } from './options.ts';
import { USAGE, parseOptions } from './options.ts';
import type { MeasuredRow } from './report.ts';
import { verdictOf, writeBench } from './report.ts';
import type { BenchContext, Outcome, RowKey, RowRun } from './row.ts';
import { GOALS, ROW_KEYS } from './row.ts';

/**
 * Rows of load. Each group has a stack of its own, so that none works on the data, or in the memory, that another
 * one has left behind.
 */
const LOAD_GROUPS: readonly Readonly<Partial<Record<RowKey, RowRun>>>[] = [
  { 'one-user': oneUserRow, 'end-to-end': endToEndRow, accept: acceptRow, ratio: ratioRow },
  { completed: completedRow },
  { bulk: bulkRow },
];
const WARM_UP_SECONDS = 10;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench(options: BenchOptions): Promise<void> {
  const interruption = listenForInterruption();
  const machine = await describeMachine();
  const generator = await chooseGenerator(options.generator);
  const rows: Partial<Record<RowKey, MeasuredRow>> = {};
  let database: Record<string, string> | undefined;
  const finish = async (outcomes: Partial<Record<RowKey, Outcome>>) => {
    const measuredAt = new Date().toISOString();
    for (const [key, outcome] of Object.entries(outcomes) as [RowKey, Outcome][]) {
      if (!options.only.includes(key)) continue;
      rows[key] = { ...outcome, measuredAt, commit: machine.commit };
      say(`${key}: ${outcome.measured}  ->  ${verdictOf(outcome)}\n`);
    }
    // After every row: what has been measured is not lost when a later one fails.
    const { name, version } = generator;
    await writeBench(options.out, {
      format: 1,
      machine,
      database,
      generator: { name, version },
      tuning: TUNING,
      rows,
    });
  };

  const local = options.only.filter((key) => !LOAD_GROUPS.some((group) => key in group));
  if (local.length > 0) {
    say(local.map((key) => `${key}: ${GOALS[key].title}`).join('\n'));
    const { happened: interrupted } = interruption;
    await finish(await localRows({ env: process.env, keys: local, quick: options.quick, say, interrupted }));
  }
  for (const group of LOAD_GROUPS) {
    const chosen = Object.fromEntries(
      Object.entries(group).filter(([key]) => options.only.includes(key as RowKey)),
    );
    if (Object.keys(chosen).length === 0) continue;
    await loadRows(chosen, { options, generator, interruption }, async (outcomes, settings) => {
      database = settings;
      await finish(outcomes);
    });
  }
  say(`Written to ${options.out}/latest.md and latest.json. ${summary(rows)}`);
}

interface LoadDeps {
  readonly options: BenchOptions;
  readonly generator: Generator;
  readonly interruption: Interruption;
}

type Finish = (outcomes: Partial<Record<RowKey, Outcome>>, database: Record<string, string>) => Promise<void>;

async function loadRows(
  group: Readonly<Partial<Record<RowKey, RowRun>>>,
  { options, generator, interruption }: LoadDeps,
  finish: Finish,
): Promise<void> {
  const target = await startTarget({
    env: process.env,
    accounts: 1_000,
    remoteLatencyMs: 450,
    onCrash: say,
    signal: interruption.signal,
  });
  const database = openDatabase(target.databaseUrl);
  const context: BenchContext = {
    deps: { target, database, generator },
    say,
    quick: options.quick,
    holdSeconds: options.holdSeconds,
  };
  const run = async () => {
    const settings = await database.serverSettings();
    await warmUp(context, 'ratio' in group ? MODES : ['async']);
    for (const [key, measureRow] of Object.entries(group) as [RowKey, RowRun][]) {
      say(`${key}: ${GOALS[key].title}`);
      await finish({ [key]: await measureRow(context) }, settings);
    }
  };
  try {
    await Promise.race([run(), interruption.happened]);
  } finally {
    await database.close().catch(() => undefined);
    await target.close();
  }
}

/** The compilers of seven processes, and the pages of a new database: not what is to be measured. */
async function warmUp(context: BenchContext, modes: readonly Mode[]): Promise<void> {
  say('warming up');
  const seconds = context.quick ? 4 : WARM_UP_SECONDS;
  const model = { kind: 'closed', users: 40, rampSeconds: 0 } as const;
  for (const mode of modes) await step(context, { mode, model, seconds, seed: 1 });
}

function summary(rows: Partial<Record<RowKey, MeasuredRow>>): string {
  const missed = ROW_KEYS.filter((key) => rows[key] && !rows[key].must);
  return missed.length === 0 ? 'No measured row misses its must.' : `Missed: ${missed.join(', ')}.`;
}
