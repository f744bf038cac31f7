import { setTimeout as sleep } from 'node:timers/promises';
import { describeMachine } from '../lib/machine.ts';
import type { MeasureDeps, Measurement, Mode } from '../lib/measure.ts';
import { MODES, measure } from '../lib/measure.ts';
import type { Resources } from '../lib/sampler.ts';
import { startSampler } from '../lib/sampler.ts';
import type { Database } from '../lib/run-facts.ts';
import { setRemote } from '../lib/target.ts';
import type { Part, Round } from './plan.ts';
import { describeModel } from './plan.ts';
import type { DuelReport, Pair } from './report-data.ts';

export interface DuelOptions {
  readonly rounds: readonly Round[];
  readonly users: number;
  readonly remoteLatencyMs: number;
  readonly seed: number;
  readonly warmUpSeconds: number;
  readonly idleSeconds: number;
  /** As the report names it. */
  readonly targetName: string;
  readonly tuning: Readonly<Record<string, string>>;
  readonly generator: { readonly name: string; readonly version: string };
}

/** Puts both modes under every round of the plan, in turn, against the same system, data and remote. */
export async function runDuel(deps: MeasureDeps, options: DuelOptions): Promise<DuelReport> {
  const { target, database, onProgress = () => undefined } = deps;
  const { users, remoteLatencyMs, tuning, generator } = options;
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const remote = await setRemote(target.remoteUrl, { distribution: 'constant', meanMs: remoteLatencyMs });
  onProgress('warming up');
  for (const mode of MODES) await warmUp(deps, mode, options);

  await settle(database);
  onProgress('measuring what the system uses when idle');
  const idle = await measureIdle(deps, options.idleSeconds);

  const runs = await runAll(deps, options);
  const of = (part: Part): Pair[] =>
    options.rounds.flatMap((round) => {
      const found = runs.get(round);
      return round.part === part && found?.async && found.sync
        ? [{ async: found.async, sync: found.sync }]
        : [];
    });
  const [main] = of('main');
  if (!main) throw new Error('A duel needs its part "main".');
  return {
    format: 1,
    startedAt,
    tookSeconds: Math.round((performance.now() - began) / 1_000),
    machine: await describeMachine(),
    database: await database.serverSettings(),
    remote: remote as Record<string, unknown>,
    generator,
    target: options.targetName,
    tuning,
    users,
    remoteLatencyMs,
    idle,
    main,
    sweep: of('sweep'),
    curve: of('curve'),
    pipelined: of('pipelined')[0],
    open: of('open'),
  };
}

type Runs = Map<Round, Partial<Record<Mode, Measurement>>>;

/**
 * The synchronous mode first: what the other one leaves behind (dead rows for autovacuum, mostly) would be put
 * down to it. The two runs of the main experiment are neighbours, so that both meet the same machine.
 */
async function runAll(deps: MeasureDeps, { rounds, seed }: DuelOptions): Promise<Runs> {
  const { onProgress = () => undefined } = deps;
  const isMain = ({ part }: Round) => part === 'main';
  const others = rounds.filter((round) => !isMain(round));
  const mains = rounds.filter(isMain);
  const order = [
    ...[...others, ...mains].map((round) => ({ round, mode: 'sync' as const })),
    ...[...mains, ...others].map((round) => ({ round, mode: 'async' as const })),
  ];
  const runs: Runs = new Map();
  for (const [index, { round, mode }] of order.entries()) {
    const { part, model, seconds } = round;
    onProgress(`${index + 1}/${order.length}  ${part}: ${describeModel(model)}, ${mode}, ${seconds} s`);
    // The same seed for both modes: the same payments.
    const result = await measure(deps, { mode, model, seconds, seed: seed + rounds.indexOf(round) });
    onProgress(summaryLine(result));
    runs.set(round, { ...runs.get(round), [mode]: result });
  }
  return runs;
}

/** The JIT compilers of seven processes, and the pages of a new database: not what is to be measured. */
async function warmUp(
  deps: MeasureDeps,
  mode: Mode,
  { users, warmUpSeconds, seed }: DuelOptions,
): Promise<void> {
  const model = { kind: 'closed', users, rampSeconds: 0 } as const;
  await measure(deps, { mode, model, seconds: warmUpSeconds, seed: seed + 1_000 });
}

/** Until Postgres has tidied up after what came before, or half a minute has passed. */
async function settle(database: Database): Promise<void> {
  const end = performance.now() + SETTLE_MAX_MS;
  await sleep(SETTLE_MIN_MS);
  while ((await database.vacuumsRunning()) > 0 && performance.now() < end) await sleep(250);
}

const SETTLE_MIN_MS = 3_000;
const SETTLE_MAX_MS = 30_000;

async function measureIdle({ target, database }: MeasureDeps, seconds: number): Promise<Resources> {
  const sampler = await startSampler(target, database);
  await sleep(seconds * 1_000);
  return sampler.stop();
}

function summaryLine(result: Measurement): string {
  const { acceptedPerSecond, completedPerSecond, load, wholeMs, backlogAtEnd, notEnded } = result;
  const ms = (value: number | undefined) => (value === undefined ? 'n/a' : `${value.toFixed(0)} ms`);
  const stuck = notEnded > 0 ? `, ${notEnded} NOT ENDED` : '';
  return (
    `       accepted ${acceptedPerSecond.toFixed(1)}/s, completed ${completedPerSecond.toFixed(1)}/s, ` +
    `reply p50 ${ms(load.reply.p50)} p99 ${ms(load.reply.p99)}, whole p99 ${ms(wholeMs.p99)}, ` +
    `backlog ${backlogAtEnd}${stuck}`
  );
}
