import { resolve } from 'node:path';
import type { Query } from '../../store/port.ts';
import type { Registry } from '../../transactions/registry.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import type { LoadPlan } from '../load-driver/protocol.ts';
import type { Scaling } from '../operator/scalings.ts';
import type { LocalOptions } from '../options.ts';
import { withDatabase } from '../postgres/session.ts';
import type { Screen } from '../screen.ts';
import type { Stack } from '../stack.ts';
import type { Followed } from './follow-one.ts';
import { followOne } from './follow-one.ts';
import type { LoadOutcome, Moment } from './load-step.ts';
import { runLoadStep } from './load-step.ts';
import { settle } from './settle.ts';
import type { Settlement, Summary } from './summary.ts';
import { machine, missingFigures } from './summary.ts';
import type { SyncOutcome } from './sync-step.ts';
import { runSyncStep } from './sync-step.ts';
import { followedTable, momentLine, momentTable, settlementLines, summaryTable } from './view.ts';

export interface DemoOptions {
  readonly stack: Stack;
  readonly options: LocalOptions;
  readonly registry: Registry;
  readonly topicPrefix: string;
  readonly accounts: number;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** What the operator has changed up to now; grows. */
  readonly scalings: readonly Scaling[];
  /** What relative paths are relative to. */
  readonly cwd: string;
}

const SYNC_SECONDS = 10;
const SETTLE_TIMEOUT_MS = 120_000;
const PLAIN_LINE_SECONDS = 5;

/**
 * Plays the demonstration: one payment from POST to its end, a load step, the same use case synchronously, the
 * summary. Resolves to the exit code: 1 when something accepted has not ended, the audit found a violation, or a
 * figure is missing.
 */
export async function runDemo(demo: DemoOptions): Promise<number> {
  const { stack, options, screen } = demo;
  const readySeconds = performance.now() / 1_000;
  return withDatabase(stack.endpoints.databaseUrl, async (query) => {
    const one = await playOne(demo);
    const startup = { readySeconds, firstDoneSeconds: performance.now() / 1_000 };
    screen.say(
      `Ready after ${readySeconds.toFixed(1)} s, first transaction done after ${startup.firstDoneSeconds.toFixed(1)} s.\n`,
    );
    const load = await playLoad(demo, query);
    const sync = await playSync(demo);
    const settlement = options.once ? await playSettlement(demo, query) : undefined;
    const summary = summarize(demo, { startup, one, load, sync, settlement });
    screen.say(`\n${summaryTable(summary)}\n`);
    if (options.json) await writeJson(resolve(demo.cwd, options.json), summary, screen);
    return verdict(summary, screen);
  });
}

async function playOne({ stack, registry, screen }: DemoOptions): Promise<Followed> {
  const one = await followOne(stack.endpoints.apiUrl, registry.types[0]!.name);
  screen.say(
    `One payment, ${one.id}: answered after ${one.acceptMs.toFixed(1)} ms, ${one.state} after ${one.endToEndMs} ms.\n${followedTable(one)}\n`,
  );
  return one;
}

async function playLoad(demo: DemoOptions, query: Query): Promise<LoadOutcome> {
  const { stack, options, registry, topicPrefix, screen, signal } = demo;
  const { seconds, users, rate } = options;
  const offered = rate > 0 ? `${rate} payments per second by` : 'as many payments as they can by';
  screen.say(
    `Load for ${seconds} s: ${offered} ${users} users, remote system ${options.remoteLatencyMs} ms.`,
  );
  let saidSeconds = 0;
  const onMoment = (moment: Moment) => {
    screen.live(momentTable(moment, seconds));
    if (screen.interactive || moment.elapsedSeconds - saidSeconds < PLAIN_LINE_SECONDS) return;
    saidSeconds = moment.elapsedSeconds;
    screen.say(momentLine(moment));
  };
  const orders = [...new Set(registry.types.map((type) => type.order))];
  const outcome = await runLoadStep({
    plan: planOf(demo, '/v1/transactions', seconds),
    query,
    lag: { admin: stack.admin, prefix: topicPrefix, orders },
    supervisor: stack.supervisor,
    operatorUrl: stack.endpoints.operatorUrl,
    signal,
    onMoment,
  });
  screen.settle();
  return outcome;
}

async function playSync(demo: DemoOptions): Promise<SyncOutcome> {
  const { screen, signal, options } = demo;
  screen.say(
    `\nThe same use case in one synchronous request, ${SYNC_SECONDS} s, the same ${options.users} users.`,
  );
  const outcome = await runSyncStep({
    plan: planOf(demo, '/v1/sync/transactions', SYNC_SECONDS),
    signal,
    onReport: ({ elapsedSeconds, total }) => {
      const done = total.succeeded + total.rejected;
      screen.live(
        `  ${elapsedSeconds.toFixed(0)} s  ${(done / elapsedSeconds).toFixed(0)} completed per second`,
      );
    },
  });
  screen.settle();
  return outcome;
}

async function playSettlement(demo: DemoOptions, query: Query): Promise<Settlement> {
  const { stack, screen, signal } = demo;
  const settlement = await settle({
    query,
    endpoints: stack.endpoints,
    timeoutMs: SETTLE_TIMEOUT_MS,
    signal,
  });
  screen.say(`\n${settlementLines(settlement)}`);
  return settlement;
}

function planOf(
  { stack, options, registry, accounts }: DemoOptions,
  path: string,
  seconds: number,
): LoadPlan {
  return {
    url: `${stack.endpoints.apiUrl}${path}`,
    users: options.users,
    ratePerSecond: options.rate,
    seconds,
    types: registry.types.map((type) => type.name),
    accounts,
  };
}

type Played = Pick<Summary, 'startup' | 'one' | 'load' | 'sync'> & {
  readonly settlement: Settlement | undefined;
};

function summarize({ options, registry, scalings }: DemoOptions, played: Played): Summary {
  const { seconds, rate, users, replicas, remoteLatencyMs } = options;
  const { startup, one, load, sync, settlement } = played;
  const ratio = load.completedPerSecond / sync.completedPerSecond;
  return {
    at: new Date().toISOString(),
    machine: machine(),
    options: {
      seconds,
      rate,
      users,
      replicas,
      remoteLatencyMs,
      types: registry.types.map((type) => type.name),
    },
    startup,
    one,
    load,
    sync,
    ratio: Number.isFinite(ratio) ? ratio : null,
    scalings: [...scalings],
    ...(settlement ? { settlement } : {}),
  };
}

async function writeJson(path: string, summary: Summary, screen: Screen): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(summary, undefined, 2)}\n`);
  screen.say(`Summary: ${path}`);
}

function verdict(summary: Summary, screen: Screen): number {
  const problems = missingFigures(summary).map((path) => `the figure ${path} is missing`);
  const { settlement, load } = summary;
  if (load.drainSeconds === null) problems.push('the load step did not drain');
  if (settlement && settlement.open > 0)
    problems.push(`${settlement.open} transactions have not reached a terminal state`);
  if (settlement && !settlement.ok)
    problems.push(`the audit found ${settlement.violations} violations: npx sluice verify names them`);
  for (const problem of problems) screen.say(`Not as it should be: ${problem}.`);
  return problems.length === 0 ? 0 : 1;
}
