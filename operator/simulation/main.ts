import { relative } from 'node:path';
import type { SimulateOptions } from './options.ts';
import { UsageError, parseOptions } from './options.ts';
import type { Verdict } from './checks/targets.ts';
import type { SimulationReport } from './report/report-data.ts';
import { writeReport } from './report/write-report.ts';
import { Pool } from './run/pool.ts';
import { runStudy } from './run/study.ts';

const EXIT_USAGE = 2;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const args = process.argv.slice(2);
  const options = parseOptions(args);
  process.exitCode = options ? await simulate(options, ['npm run simulate --', ...args].join(' ')) : 0;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}

/** 0: done; 1: an invariant was broken. */
async function simulate(options: SimulateOptions, command: string): Promise<number> {
  const began = performance.now();
  let part = '';
  let told = 0;
  const pool = new Pool(options.workers, (done, all) => {
    const share = Math.floor((10 * done) / all);
    if (share === told || done === all) return;
    told = share;
    say(`  ${part}: ${done} of ${all}`);
  });
  try {
    const study = await runStudy(options, pool, (name) => {
      part = name;
      told = 0;
      say(`${((performance.now() - began) / 1_000).toFixed(0)} s: ${name}`);
    });
    const report = { ...study, command: command.replace(/ --$/, ''), node: process.versions.node };
    const paths = await writeReport(options.out, report);
    say(summary(report));
    say(`\nReport: ${relative('.', paths[0]!)}`);
    return Object.keys(report.random.breaches).length > 0 ? 1 : 0;
  } finally {
    await pool.close();
  }
}

function summary({ verdicts, measuredVerdicts, heldOutVerdicts, random }: SimulationReport): string {
  const groups: readonly (readonly [string, readonly Verdict[]])[] = [
    ['measured traces, every phase', measuredVerdicts],
    ['evaluation traces', verdicts],
    ['held-out seeds', heldOutVerdicts],
  ];
  const lines = groups.flatMap(([name, all]) => {
    const missed = all.filter(({ kept }) => !kept);
    return [
      `${name}: ${all.length - missed.length} of ${all.length} targets kept`,
      ...missed.map(({ scenario, target, figures }) => `  missed: ${scenario}: ${target}: ${figures}`),
    ];
  });
  const broken = Object.entries(random.breaches).map(
    ([name, { count, example }]) => `  broken: ${name}: ${count} times, e.g. ${example}`,
  );
  return [
    '',
    ...lines,
    `random traces: ${random.traces}, ${broken.length} invariants broken`,
    ...broken,
  ].join('\n');
}
