import type { Command } from 'commander';
import { topicSpecs } from '../../broker/topics.ts';
import { migrate } from '../../store/migrate.ts';
import { seedAccounts } from '../../store/seed.ts';
import { withBroker } from '../broker.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { databaseError } from '../errors.ts';
import { count, readInput } from '../options.ts';
import { counted } from '../output/text.ts';

type Given = Readonly<Record<string, unknown>>;

/** `migrate`, `topics` and `seed`: what has to be there before the services start. Each may be repeated. */
export function addSetup(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .summary('bring the schema of the database up to date')
    .description(
      'Applies the migrations that are missing in DATABASE_URL. May be repeated, and run side by side.',
    )
    .action((given: Given) => runMigrate(given, context));
  program
    .command('topics')
    .summary('create the topics that are missing in Kafka')
    .description(
      'Creates what is missing of the topics under SLUICE_TOPIC_PREFIX, with SLUICE_PARTITIONS partitions. ' +
        'Topics that exist are left as they are.',
    )
    .action((given: Given) => runTopics(given, context));
  program
    .command('seed')
    .summary('add demo accounts, and three that payments are rejected for')
    .description(
      'Adds the accounts ACC-000001 and so on to DATABASE_URL. Accounts that exist are left as they are.',
    )
    .option('--accounts <count>', 'how many usable accounts', '1000')
    .action((given: Given) => runSeed(given, context));
}

async function runMigrate(given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { config } = readInput({ given, env, options: {}, config: cliConfig.database });
  const applied = await migrate(config.DATABASE_URL).catch((error: unknown) => {
    throw databaseError(error, config.DATABASE_URL);
  });
  await terminal.print(applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`);
}

async function runTopics(given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { config } = readInput({ given, env, options: {}, config: cliConfig.topics });
  const specs = topicSpecs(config.SLUICE_TOPIC_PREFIX, config.SLUICE_PARTITIONS);
  const created = await withBroker(config, (admin) => admin.ensureTopics(specs));
  const existing = counted(specs.length - created.length, 'topic');
  await terminal.print(
    created.length === 0
      ? `All ${counted(specs.length, 'topic')} exist.`
      : `Created ${created.join(', ')}; ${existing} existed.`,
  );
}

async function runSeed(given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { options, config } = readInput({
    given,
    env,
    options: { accounts: count(1, 999_999) },
    config: cliConfig.database,
  });
  await seedAccounts(config.DATABASE_URL, options.accounts).catch((error: unknown) => {
    throw databaseError(error, config.DATABASE_URL);
  });
  await terminal.print(
    `There are ${counted(options.accounts, 'demo account')}, and three that are of no use.`,
  );
}
