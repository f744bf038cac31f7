import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import { topicOf } from '../../services/domain/events.ts';
import { groupOf } from '../../services/domain/stages.ts';
import { listenForInterruption } from '../lib/interruption.ts';
import { runBench } from '../lib/run-bench.ts';
import { describeMachine } from '../lib/machine.ts';
import type { Change, ChangeContext } from './changes.ts';
import { change, gapsWhere } from './changes.ts';
import { quantile } from '../lib/quantile.ts';
import { inTurns, KeyedLoad } from './keyed-load.ts';
import type { RebalanceOptions } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import { writeReport } from './report.ts';
import { SettledWatch } from './settled-watch.ts';
import { startStageStack } from './stage-stack.ts';

const STAGE = 'remote';
const ACCOUNTS = 1_000;
const TOPIC_PREFIX = 'sluice';
/** A key comes again after so many seconds: work is serial within one. */
const KEY_SECONDS = 10;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runBench({ parseOptions, usage: USAGE, bench }, process.argv.slice(2));

async function bench(options: RebalanceOptions): Promise<void> {
  const interruption = listenForInterruption();
  const { partitions, latencyMs } = options;
  const started = await startStageStack({
    env: { ...process.env, SLUICE_TOPIC_PREFIX: TOPIC_PREFIX },
    partitions,
    latencyMs,
    accounts: ACCOUNTS,
    signal: interruption.signal,
    onCrash: say,
  });
  const { stack } = started;
  const { apiUrl, brokers } = stack.endpoints;
  const topic = topicOf(TOPIC_PREFIX, 'remote-responded');
  const log = createLogger('bench', { level: 'warn' });
  const watch = new SettledWatch({ brokers, topic, log });
  const admin = createAdmin({ brokers, clientId: 'sluice-bench', log });
  const [group, consumed] = [groupOf(TOPIC_PREFIX, STAGE), topicOf(TOPIC_PREFIX, 'validated')];
  const owners = () => admin.owners(group, consumed);
  const load = new KeyedLoad({ apiUrl, accounts: ACCOUNTS, ratePerSecond: options.rate });
  try {
    await watch.start();
    const { holdSeconds } = options;
    const context = { supervisor: stack.supervisor, stage: STAGE, watch, owners, holdSeconds };
    const changes = await Promise.race([measure(options, context, load), interruption.happened]);
    const { help: _help, out, ...measured } = options;
    await writeReport(out, {
      format: 2,
      measuredAt: new Date().toISOString(),
      machine: await describeMachine(),
      options: measured,
      changes,
      sent: load.sent,
      failed: load.failed,
    });
    say(`Written to ${out}/rebalance.md and rebalance.json.`);
  } finally {
    await load.close();
    await admin.disconnect();
    await watch.stop();
    await started.close();
  }
}

function inWords(gaps: readonly number[]): string {
  if (gaps.length === 0) return '-';
  return `${Math.round(quantile(gaps, 0.5))} ms (worst ${Math.round(Math.max(...gaps))} ms)`;
}

async function measure(
  { members, rate, rounds }: RebalanceOptions,
  context: ChangeContext,
  load: KeyedLoad,
): Promise<Change[]> {
  say('warming up, and finding out which key has which partition');
  load.keys = Array.from({ length: rate * KEY_SECONDS }, () => crypto.randomUUID());
  load.start();
  await sleep(KEY_SECONDS * 1_000);
  await load.stop();
  await sleep(2_000);
  load.keys = inTurns(context.watch.partitionOf);
  await context.supervisor.scale(STAGE, members[0]!);
  load.start();
  const changes: Change[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const [index, to] of members.slice(1).entries()) {
      // The last number of a round is where the next one begins: members may end elsewhere than they began.
      const from = members[index]!;
      if (index === 0 && round > 1) await context.supervisor.scale(STAGE, from);
      const done = await change(context, from, to);
      changes.push(done);
      const [stay, move] = [false, true].map((moved) => inWords(gapsWhere(done, moved)));
      say(
        `round ${round}: ${from} → ${to}: what stays ${stay}, what moves ${move}, ` +
          `${done.rebalances} rebalances; before it ${Math.round(Math.max(...done.steadyGaps))} ms`,
      );
    }
  await load.stop();
  return changes;
}
