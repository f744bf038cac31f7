import { setTimeout as sleep } from 'node:timers/promises';
import { describeMachine } from '../lib/machine.ts';
import type { MeasureDeps, Measurement, Mode } from '../lib/measure.ts';
import { MODES, measure } from '../lib/measure.ts';
import type { Resources } from '../lib/sampler.ts';
import { startSampler } from '../lib/sampler.ts';
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

  onProgress('measuring what the system uses when idle');
  const idle = await measureIdle(deps, options.idleSeconds);

  const pairs: { part: Part; pair: Pair }[] = [];
  for (const [index, { part, model, seconds }] of options.rounds.entries()) {
    const runMode = async (mode: Mode): Promise<Measurement> => {
      onProgress(
        `${index + 1}/${options.rounds.length}  ${part}: ${describeModel(model)}, ${mode}, ${seconds} s`,
      );
      const result = await measure(deps, { mode, model, seconds, seed: options.seed + index });
      onProgress(summaryLine(result));
      return result;
    };
    pairs.push({ part, pair: { async: await runMode('async'), sync: await runMode('sync') } });
  }
  const of = (part: Part): Pair[] => pairs.filter((entry) => entry.part === part).map(({ pair }) => pair);
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

/** The JIT compilers of seven processes, and the pages of a new database: not what is to be measured. */
async function warmUp(
  deps: MeasureDeps,
  mode: Mode,
  { users, warmUpSeconds, seed }: DuelOptions,
): Promise<void> {
  const model = { kind: 'closed', users, rampSeconds: 0 } as const;
  await measure(deps, { mode, model, seconds: warmUpSeconds, seed: seed + 1_000 });
}

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
