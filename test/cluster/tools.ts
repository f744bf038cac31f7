/**
 * The commands that tests on Kubernetes need, built from source into the cache:
 *
 *   node test/cluster/tools.ts build [--background] [tool or set ...]
 *   node test/cluster/tools.ts status
 *   node test/cluster/tools.ts path <tool>
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';
import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import { GoError } from './tools/go-toolchain.ts';
import { TOOLS, TOOL_SETS, UnknownToolError, chooseTools } from './tools/catalog.ts';
import { prepareTools } from './tools/prepare-tools.ts';
import { clusterCache, isBuilt, toolPath } from './tools/tool-path.ts';

const USAGE = `Usage: node test/cluster/tools.ts build [--background] [names] | status | path <tool>
Sets of tools: ${Object.keys(TOOL_SETS).join(', ')} (default: control-plane)
`;
/** In the background, whatever else runs goes first. */
const BACKGROUND_NICENESS = 10;
const EXIT_INTERRUPTED = 130;

const { cacheDir } = parseLocalConfig(process.env);
const cache = clusterCache(cacheDir);
process.exitCode = await main(process.argv.slice(2)).catch(report);

async function main([command, ...rest]: readonly string[]): Promise<number> {
  const names = rest.filter((argument) => !argument.startsWith('--'));
  const flags = new Set(rest.filter((argument) => argument.startsWith('--')));
  if (command === 'status' && rest.length === 0) return status();
  if (command === 'path' && names.length === 1 && flags.size === 0) return path(names[0]!);
  if (command !== 'build' || [...flags].some((flag) => flag !== '--background')) {
    process.stderr.write(USAGE);
    return 2;
  }
  const wanted = names.length === 0 ? ['control-plane'] : names;
  chooseTools(wanted);
  return flags.has('--background') ? buildInBackground(wanted) : build(wanted);
}

async function build(names: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort());
  const screen = createScreen(process.stdout);
  try {
    await prepareTools(names, { cacheDir, env: process.env, screen, signal: interrupt.signal });
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    screen.settle();
  }
}

/** A later build of the same tools waits for this one, and shows how far it is. */
function buildInBackground(names: readonly string[]): number {
  mkdirSync(dirname(cache.logFile), { recursive: true });
  const log = openSync(cache.logFile, 'w');
  const child = spawn(process.execPath, [import.meta.filename, 'build', ...names], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${process.execPath} could not be started.`);
  setPriority(child.pid, BACKGROUND_NICENESS);
  child.unref();
  process.stdout.write(`Tools are built in the background: process ${child.pid}, log ${cache.logFile}\n`);
  return 0;
}

async function status(): Promise<number> {
  for (const tool of TOOLS) {
    const state = (await isBuilt(cache, tool)) ? toolPath(cache, tool) : 'not built';
    process.stdout.write(`${tool.name.padEnd(24)} ${tool.module.version.padEnd(9)} ${state}\n`);
  }
  return 0;
}

async function path(name: string): Promise<number> {
  const [tool] = chooseTools([name]);
  if (!tool || !(await isBuilt(cache, tool))) {
    process.stderr.write(`${name} is not built: node test/cluster/tools.ts build ${name}\n`);
    return 1;
  }
  process.stdout.write(`${toolPath(cache, tool)}\n`);
  return 0;
}

function report(error: unknown): number {
  if (!(error instanceof GoError || error instanceof UnknownToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}
