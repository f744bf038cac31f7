import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { group, mebibytes, seconds } from '../lib/format.ts';
import { readProcesses, readPssBytes } from '../lib/process-usage.ts';
import { useTarget } from '../lib/start-target.ts';
import { createTemporaryDirectory } from '../lib/temporary-directory.ts';
import type { LocalRun } from './local-run.ts';
import { startLocal } from './local-run.ts';
import type { Outcome, RowKey } from './row.ts';

const REST_SECONDS = 30;
const STAGES = ['validate', 'remote', 'persist'];

export interface LocalRowsOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly keys: readonly RowKey[];
  readonly quick: boolean;
  readonly say: (line: string) => void;
  /** Rejects when it is to end early: what was started is stopped first. */
  readonly interrupted: Promise<never>;
}

/** The rows about `npm start` itself: how long it takes, and what it keeps in memory when nothing happens. */
export async function localRows(options: LocalRowsOptions): Promise<Partial<Record<RowKey, Outcome>>> {
  const { keys, quick, say } = options;
  const temporary = await createTemporaryDirectory('bench');
  const directory = temporary.path;
  try {
    const cold = keys.includes('start')
      ? await timeCold(options, directory)
      : await prime(options, directory);
    say('  npm start, warm');
    const warm = await startLocal(options.env, join(directory, 'data'), options.interrupted);
    say(`    first transaction done after ${seconds(warm.secondsToFirstDone)}`);
    try {
      const wantsMemory = keys.includes('stage-memory') || keys.includes('stack-memory');
      const restSeconds = quick ? 5 : REST_SECONDS;
      if (wantsMemory) say(`  at rest for ${restSeconds} s`);
      const memory = wantsMemory
        ? await Promise.race([memoryRows(warm, options.env, restSeconds), options.interrupted])
        : {};
      return { ...memory, ...(cold === undefined ? {} : { start: startOutcome(cold, warm) }) };
    } finally {
      await warm.stop();
    }
  } finally {
    await temporary.remove();
  }
}

/** Empty data directory, empty cache, empty Maven repository: everything is downloaded. */
async function timeCold({ env, say, interrupted }: LocalRowsOptions, directory: string): Promise<number> {
  say('  npm start, cold');
  const cold = await startLocal(
    {
      ...env,
      SLUICE_CACHE_DIR: join(directory, 'cache'),
      MAVEN_OPTS: `${env['MAVEN_OPTS'] ?? ''} -Dmaven.repo.local=${join(directory, 'maven')}`,
    },
    join(directory, 'data'),
    interrupted,
  );
  say(`    first transaction done after ${seconds(cold.secondsToFirstDone)}`);
  await cold.stop();
  return cold.secondsToFirstDone;
}

/** A first start, not measured: what Node compiles is kept beside the data, and processes that find it are smaller. */
async function prime({ env, say, interrupted }: LocalRowsOptions, directory: string): Promise<undefined> {
  say('  npm start, once before');
  const first = await startLocal(env, join(directory, 'data'), interrupted);
  await first.stop();
}

function startOutcome(cold: number, { secondsToFirstDone: warm }: LocalRun): Outcome {
  return {
    measured: `${seconds(cold)} / ${seconds(warm)}`,
    must: cold < 60 && warm < 15,
    aim: cold < 30 && warm < 8,
    notes: [
      'From the command `npm start -- --no-demo` to the terminal state of a payment that is submitted as soon as the API is up. Cold: data directory, cache and Maven repository were empty; `npm ci` is not part of it. Warm: started again with the same data.',
    ],
    data: { coldSeconds: cold, warmSeconds: warm },
  };
}

interface Resident {
  readonly name: string;
  readonly rssBytes: number;
  /** Shared pages counted once among its own processes. */
  readonly pssBytes: number | undefined;
}

async function memoryRows(
  run: LocalRun,
  env: NodeJS.ProcessEnv,
  restSeconds: number,
): Promise<Partial<Record<RowKey, Outcome>>> {
  await sleep(restSeconds * 1_000);
  const local = parseEnv(await readFile(join(run.dataDir, 'local.env'), 'utf8'));
  const target = useTarget(
    local['SLUICE_API_URL']!,
    { ...env, ...local, SLUICE_DATA_DIR: run.dataDir },
    1_000,
  );
  const [processes, table] = await Promise.all([target.processes(), readProcesses()]);
  const residents = await Promise.all(
    processes.map(async ({ name, pid }): Promise<Resident> => {
      const pssBytes = await readPssBytes([pid, ...table.descendants(pid)]);
      return { name, rssBytes: table.tree(pid)?.rssBytes ?? 0, pssBytes };
    }),
  );
  const known = new Set(processes.flatMap(({ pid }) => [pid, ...table.descendants(pid)]));
  const others = [run.pid, ...table.descendants(run.pid)].filter((pid) => !known.has(pid));
  const launcher = others.reduce((sum, pid) => sum + (table.alone(pid)?.rssBytes ?? 0), 0);
  const all = [...residents, { name: 'npm, supervisor, guards', rssBytes: launcher, pssBytes: undefined }];
  return { 'stage-memory': stageOutcome(all), 'stack-memory': stackOutcome(all, restSeconds) };
}

function stageOutcome(residents: readonly Resident[]): Outcome {
  const stages = residents.filter(({ name }) => STAGES.includes(name));
  const most = Math.max(...stages.map(({ rssBytes }) => rssBytes));
  return {
    measured: stages.map(({ name, rssBytes }) => `${name} ${megabytes(rssBytes)}`).join(', '),
    must: most < 120e6,
    aim: most < 80e6,
    notes: ['Resident memory as the system reports it; Node itself is some 45 MB of each.'],
    data: stages,
  };
}

/** Postgres' processes share their buffers: counted by PSS, once. */
function stackOutcome(residents: readonly Resident[], restSeconds: number): Outcome {
  const sizeOf = ({ name, rssBytes, pssBytes }: Resident) =>
    name === 'postgres' ? (pssBytes ?? rssBytes) : rssBytes;
  const total = residents.reduce((sum, resident) => sum + sizeOf(resident), 0);
  const plain = residents.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
  return {
    measured: mebibytes(total),
    must: total < 1.5 * 2 ** 30,
    aim: total < 2 ** 30,
    notes: [
      `${restSeconds} s after a warm start: ${residents.map((resident) => `${resident.name} ${mebibytes(sizeOf(resident))}`).join(', ')}.`,
      `RSS added up over all processes, Postgres' shared pages counted once (PSS). Counted for each of its processes it would be ${mebibytes(plain)}.`,
    ],
    data: residents,
  };
}

function megabytes(bytes: number): string {
  return `${group(bytes / 1e6)} MB`;
}
