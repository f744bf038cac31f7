import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { inspect } from 'node:util';
import { chooseGenerator } from '../lib/choose-generator.ts';
import { explain, listenForInterruption } from '../lib/interruption.ts';
import { openDatabase } from '../lib/run-facts.ts';
import { TUNING, startTarget, useTarget } from '../lib/start-target.ts';
import type { Target } from '../lib/target.ts';
import type { CommandOptions } from './options.ts';
import { USAGE, parseOptions } from './options.ts';
import { planDuel } from './plan.ts';
import { runDuel } from './run-duel.ts';
import { readReport, writeReport } from './write-report.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const options = parseOptions(process.argv.slice(2));
  process.exit(await command(options));
} catch (error) {
  const { exitCode, text } = explain(error, inspect);
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}

async function command(options: CommandOptions): Promise<number> {
  if (options.help) {
    say(USAGE);
    return 0;
  }
  if (options.redraw !== undefined) {
    const paths = await writeReport(dirname(options.redraw), await readReport(options.redraw));
    say(paths.map((path) => relative('.', path)).join('\n'));
    return 0;
  }
  return duel(options);
}

async function duel(options: CommandOptions): Promise<number> {
  const { users, remoteLatencyMs, seed, accounts } = options;
  const interruption = listenForInterruption();
  const generator = await chooseGenerator(options.generator);
  const target = await openTarget(options, interruption.signal);
  const database = openDatabase(target.databaseUrl);
  try {
    const running = runDuel(
      { target, database, generator, onProgress: say },
      {
        rounds: planDuel(options),
        users,
        remoteLatencyMs,
        seed,
        warmUpSeconds: options.quick ? 3 : 8,
        idleSeconds: options.quick ? 3 : 6,
        targetName: options.target ?? 'started for this duel',
        tuning: options.target === undefined ? TUNING : {},
        generator: { name: generator.name, version: generator.version },
      },
    );
    const report = await Promise.race([running, interruption.happened]);
    const time = report.startedAt.slice(0, 19).replaceAll(':', '');
    const paths = await writeReport(options.out ?? join('report', `duel-${time}`), report);
    say(`\nReport:\n${paths.map((path) => `  ${relative('.', path)}`).join('\n')}`);
    const stuck = [report.main, ...report.sweep, ...report.curve, ...report.open]
      .flatMap((pair) => [pair.async, pair.sync])
      .reduce((sum, run) => sum + run.notEnded, 0);
    if (stuck > 0) say(`${stuck} transactions (of ${accounts} accounts) did not end in time.`);
    return stuck > 0 ? 1 : 0;
  } finally {
    await database.close().catch(() => undefined);
    await target.close();
  }
}

function openTarget(options: CommandOptions, signal: AbortSignal): Promise<Target> {
  const { accounts, remoteLatencyMs } = options;
  if (options.target === undefined)
    return startTarget({ env: process.env, accounts, remoteLatencyMs, signal, onCrash: say });
  const file = join(process.env['SLUICE_DATA_DIR'] ?? '.sluice', 'local.env');
  if (existsSync(file)) process.loadEnvFile(file);
  return Promise.resolve(useTarget(options.target, process.env, accounts));
}
