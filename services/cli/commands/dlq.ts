import type { Command } from 'commander';
import { z } from 'zod';
import type { LetterFilter, LetterGroup } from '../../store/pg/dlq.ts';
import * as dlq from '../../store/pg/dlq.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { withDatabase } from '../database.ts';
import { redrive } from '../dlq/redrive.ts';
import { groupLines, letterJson, letterLines, rowLines } from '../dlq/render.ts';
import { CliError } from '../errors.ts';
import { count, duration, flag, letterId, rate, readInput } from '../options.ts';
import { counted, shown } from '../output/text.ts';

type Given = Readonly<Record<string, unknown>>;

const REDRIVE_HELP = `
Each dead letter goes back to the topic it came from, as it was; stages treat it like any other message, so one
that is not needed any more changes nothing. One that fails again becomes a new dead letter.
--cause, --topic and --all take those that were not redriven before; --id takes any.
Writes to DATABASE_URL only: the relay publishes.`;

/** `dlq list`, `dlq show` and `dlq redrive`. */
export function addDlq(program: Command, context: CommandContext): void {
  const group = program
    .command('dlq')
    .summary('dead letters: list, show, redrive')
    .description('Messages that a stage could not work on, kept in DATABASE_URL. Open: not redriven yet.');
  group
    .command('list')
    .summary('what there is, by cause, and the newest')
    .description('Lists dead letters: how many by cause, topic and stage, then the newest.')
    .option('--cause <cause>', 'only of this cause')
    .option('--topic <topic>', 'only from this topic')
    .option('--since <time>', 'only of the last 1h, 30m, 7d …')
    .option('--open', 'only those that were not redriven')
    .option('--limit <count>', 'how many to list', '20')
    .option('--json', 'print as JSON')
    .action((given: Given) => runList(given, context));
  group
    .command('show')
    .summary('one of them: where it came from, why, its headers and value')
    .description('Shows a dead letter in full.')
    .argument('<id>', 'its number')
    .option('--json', 'print as JSON; key and value in Base64')
    .action((id: string, given: Given) => runShow(id, given, context));
  group
    .command('redrive')
    .summary('send them back to the topic they came from')
    .description('Sends dead letters back to where they came from, after what was in their way is gone.')
    .option('--id <ids...>', 'these numbers')
    .option('--cause <cause>', 'all of this cause')
    .option('--topic <topic>', 'all from this topic')
    .option('--all', 'all there are')
    .option('--rate <rate>', 'at most so many', '50/s')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', REDRIVE_HELP)
    .action((given: Given) => runRedrive(given, context));
}

const filterShape = {
  cause: z.string().min(1, 'must not be empty').optional(),
  topic: z.string().min(1, 'must not be empty').optional(),
};

async function runList(given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { options, config } = readInput({
    given,
    env,
    config: cliConfig.database,
    options: { ...filterShape, since: duration.optional(), open: flag, limit: count(1, 100_000), json: flag },
  });
  const { cause, topic, since, open, limit } = options;
  const filter: LetterFilter = { cause, topic, sinceMs: since, open };
  const [groups, rows] = await withDatabase(config.DATABASE_URL, (pool) =>
    Promise.all([dlq.letterGroups(pool, filter), dlq.listLetters(pool, filter, limit)]),
  );
  if (options.json) return terminal.print(JSON.stringify({ groups, letters: rows }, null, 2));
  if (groups.length === 0) return terminal.print('There are no such dead letters.');
  const lines = [...groupLines(terminal, groups), '', ...rowLines(terminal, rows)];
  const rest = totalOf(groups) - rows.length;
  if (rest > 0) lines.push(`and ${counted(rest, 'older one')}; --limit shows more`);
  return terminal.print(lines.join('\n'));
}

async function runShow(id: string, given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { options, config } = readInput({
    given: { ...given, '<id>': id },
    env,
    config: cliConfig.database,
    options: { '<id>': letterId, json: flag },
  });
  const letter = await withDatabase(config.DATABASE_URL, (pool) => dlq.findLetter(pool, id));
  if (!letter) throw new CliError(1, `There is no dead letter ${id}.`);
  await terminal.print(options.json ? letterJson(letter) : letterLines(terminal, letter).join('\n'));
}

const redriveShape = {
  ...filterShape,
  id: z.array(letterId).optional(),
  all: flag,
  rate,
  dryRun: flag,
};

/** Mistakes in what was given together. */
function redriveRules(given: Given): string[] {
  const selectors = ['id', 'cause', 'topic', 'all'].filter((name) => given[name] !== undefined);
  if (selectors.length === 0) return ['one of --id, --cause, --topic and --all is needed'];
  const alone = ['id', 'all'].filter((name) => selectors.includes(name) && selectors.length > 1);
  return alone.map((name) => `--${name} does not go with ${others(selectors, name)}`);
}

const others = (names: readonly string[], name: string): string =>
  names.flatMap((other) => (other === name ? [] : [`--${other}`])).join(' and ');

async function runRedrive(given: Given, context: CommandContext): Promise<void> {
  const { env, terminal } = context;
  const { options, config } = readInput({
    given,
    env,
    rules: redriveRules,
    config: cliConfig.database,
    options: redriveShape,
  });
  await withDatabase(config.DATABASE_URL, async (pool) => {
    const { id: ids, cause, topic } = options;
    if (ids) await requireAll(ids, await dlq.knownLetters(pool, ids));
    const filter: LetterFilter = { ids, cause, topic, open: !ids, upTo: await dlq.newestLetter(pool) };
    const groups = await dlq.letterGroups(pool, filter);
    const total = totalOf(groups);
    if (total === 0) return terminal.print('There is nothing to redrive: no such dead letter is open.');
    if (options.dryRun)
      return terminal.print(
        [`Would redrive ${counted(total, 'dead letter')}:`, '', ...groupLines(terminal, groups)].join('\n'),
      );
    const result = await redrive({
      perSecond: options.rate,
      signal: context.interruptible(),
      step: (afterId, limit) => dlq.redriveLetters(pool, filter, { afterId, limit }),
      onStep: (done) => terminal.progress(`${done} of ${total}`),
    });
    terminal.progress('');
    return terminal.print(summary(result, total));
  });
}

async function requireAll(ids: readonly string[], known: ReadonlySet<string>): Promise<void> {
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length > 0)
    throw new CliError(1, `There is no dead letter ${missing.join(', ')}. Nothing was redriven.`);
}

function summary({ done, groups, interrupted }: Awaited<ReturnType<typeof redrive>>, total: number): string {
  const lines = [...groups].map(([group, number]) => {
    const [topic = '', cause = ''] = group.split('\0');
    return `  ${number} to ${shown(topic)} (${shown(cause)})`;
  });
  const left = interrupted ? ` Interrupted: ${counted(total - done, 'dead letter')} left as they were.` : '';
  return [`Queued ${counted(done, 'dead letter')} for the relay.${left}`, ...lines].join('\n');
}

const totalOf = (groups: readonly LetterGroup[]): number =>
  groups.reduce((total, group) => total + group.count, 0);
