import type { Command } from 'commander';
import { isMissingTopic } from '../../broker/kafkajs/error-type.ts';
import { backlog } from '../../store/pg/backlog.ts';
import { Registry } from '../../transactions/registry.ts';
import { withBroker } from '../broker.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { withDatabase } from '../database.ts';
import { CliError } from '../errors.ts';
import type { BrokerReport } from '../lag/collect.ts';
import { collect } from '../lag/collect.ts';
import type { LagReport } from '../lag/render.ts';
import { lagLines } from '../lag/render.ts';
import { waitingFor } from '../lag/waiting.ts';
import { duration, flag, readInput } from '../options.ts';

const HELP = `
LAG      records that the group has still to commit; unknown where it cannot be told, never 0 then
IN/S     written to the topic; OUT/S committed by the group; both during the sample
WAITING  transactions whose next step this is, by the database: in the outbox, in Kafka or in work
OLDEST   since the one that has waited longest has moved
BUSY     share of its capacity that a replica has used, by what it says with its commits; quiet: it has
         committed nothing during the sample
Exit code: 2 when Kafka or the database did not answer; what the other one says is printed all the same.`;

export function addLag(program: Command, context: CommandContext): void {
  program
    .command('lag')
    .summary('how far each stage is behind, and what waits')
    .description('Reads the offsets of the stages in KAFKA_BROKERS, and what waits in DATABASE_URL.')
    .option('--sample <time>', 'time over which rates and load are measured; 0s leaves them out', '1s')
    .option('--json', 'print as JSON')
    .addHelpText('after', HELP)
    .action((given: Record<string, unknown>) => run(given, context));
}

async function run(
  given: Readonly<Record<string, unknown>>,
  { env, terminal }: CommandContext,
): Promise<void> {
  const { options, config } = readInput({
    given,
    env,
    config: { ...cliConfig.database, ...cliConfig.topics, ...cliConfig.types },
    options: { sample: duration, json: flag },
  });
  const registry = Registry.parse(config.SLUICE_TYPES);
  const [broker, database] = await Promise.allSettled([
    withBroker(config, async (admin) =>
      answered(
        await collect({
          admin,
          isMissingTopic,
          prefix: config.SLUICE_TOPIC_PREFIX,
          orders: [...new Set(registry.types.map((type) => type.order))],
          sampleMs: options.sample,
        }),
      ),
    ),
    withDatabase(config.DATABASE_URL, backlog),
  ]);
  const report: LagReport = { broker: valueOf(broker), database: valueOf(database) };
  if (options.json) await terminal.print(toJson(report));
  else if (report.broker || report.database) await terminal.print(lagLines(terminal, report).join('\n'));
  const failures = [broker, database].flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as Error).message] : [],
  );
  if (failures.length > 0) throw new CliError(2, failures.join('\n'));
}

/** @throws Error where Kafka has told of no topic */
function answered(report: BrokerReport): BrokerReport {
  const [first] = report.topics;
  if (first?.lag.kind === 'unknown' && report.topics.every(({ failed }) => failed))
    throw new Error(first.lag.reason);
  return report;
}

function valueOf<Value>(outcome: PromiseSettledResult<Value>): Value | undefined {
  return outcome.status === 'fulfilled' ? outcome.value : undefined;
}

function toJson({ broker, database }: LagReport): string {
  const topics = broker?.topics.map((topic) => ({
    ...topic,
    waiting: database && waitingFor(topic.stage, topic.event, database.backlogs),
  }));
  return JSON.stringify(
    { topics: topics ?? null, replicas: broker?.replicas ?? null, database: database ?? null },
    null,
    2,
  );
}
