import type { Command } from 'commander';
import { z } from 'zod';
import { isUuid } from '../../domain/ids.ts';
import { lettersNaming, transactionFacts } from '../../store/pg/why.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { withDatabase } from '../database.ts';
import { CliError } from '../errors.ts';
import { flag, readInput } from '../options.ts';
import { standing } from '../why/standing.ts';
import { timeline } from '../why/timeline.ts';
import { whyLines } from '../why/render.ts';

export function addWhy(program: Command, context: CommandContext): void {
  program
    .command('why')
    .summary('what has happened to a transaction, and what it waits for')
    .description(
      'Tells the story of a transaction from DATABASE_URL: its events, attempts, retries, dead letters, what of ' +
        'it waits in the outbox, its place in the lane of its key; then where it stands and what can be done.',
    )
    .argument('<id>', 'id of the transaction')
    .option('--json', 'print as JSON')
    .action((id: string, given: Record<string, unknown>) => run(id, given, context));
}

async function run(
  id: string,
  given: Readonly<Record<string, unknown>>,
  { env, terminal }: CommandContext,
): Promise<void> {
  const { options, config } = readInput({
    given: { ...given, '<id>': id.toLowerCase() },
    env,
    config: cliConfig.database,
    options: {
      '<id>': z.string().refine(isUuid, { error: 'must be the id of a transaction, a UUID' }),
      json: flag,
    },
  });
  const [facts, letters] = await withDatabase(config.DATABASE_URL, async (pool) => {
    const found = await transactionFacts(pool, options['<id>']);
    return [found, found ? [] : await lettersNaming(pool, options['<id>'])] as const;
  });
  if (!facts) throw new CliError(1, nobody(options['<id>'], letters));
  await terminal.print(
    options.json
      ? JSON.stringify({ ...facts, timeline: timeline(facts), standing: standing(facts) }, null, 2)
      : whyLines(terminal, facts).join('\n'),
  );
}

function nobody(id: string, letters: readonly string[]): string {
  const said = `There is no transaction ${id} in this database. An id is known once its 202 was sent.`;
  return letters.length === 0
    ? said
    : `${said}\nDead letters that name it: ${letters.join(', ')} (sluice dlq show).`;
}
