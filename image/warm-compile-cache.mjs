// Fills Node's compile cache with every process of the image, run by the user who will run them: the cache is kept by
// version of Node, by CPU and by user. A process that is given a port that is none loads all of its modules, says so
// and ends, without having opened anything.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, glob } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NODE_COMPILE_CACHE = join(process.cwd(), 'node_modules', '.cache', 'sluice');
const CONFIG_MISTAKE = 2;
const PROCESSES = [
  ['api'],
  ['relay'],
  ['stage', 'validate'],
  ['stage', 'remote'],
  ['stage', 'persist'],
  ['remote-simulator'],
  ...(existsSync('operator/main.ts') ? [['operator']] : []),
];
/** Loaded when they are needed only, and not by every process. */
const LATER = [
  'services/stages/*/*.ts',
  'services/transactions/**/*.ts',
  'services/cli/commands/*.ts',
  'operator/{controller,kube,lag}/**/*.ts',
];

const common = { PATH: process.env.PATH, NODE_COMPILE_CACHE, ADMIN_PORT: 'none', LOG_LEVEL: 'none' };
for (const args of PROCESSES) {
  // Once with tracing, once without: the two load modules differently.
  run(['bin/sluice.mjs', ...args], { ...common, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  run(['bin/sluice.mjs', ...args], common);
}
run(['services/setup/main.ts'], common);
const later = await Array.fromAsync(glob(LATER));
const imports = later.map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)});`);
run(['--input-type=module', '--eval', imports.join('\n')], common, 0);
// Node writes them for their owner alone; in the image that is root, who does not run anything.
const files = await Array.fromAsync(glob(join(NODE_COMPILE_CACHE, '*', '*')));
for (const file of files) await chmod(file, 0o444);
process.stdout.write(`${files.length} modules compiled\n`);

/** @param {string[]} args @param {Record<string, string>} env @param {number} [expected] exit code */
function run(args, env, expected = CONFIG_MISTAKE) {
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 60_000 });
  if (status === expected) return;
  process.stderr.write(`node ${args.join(' ')} ended with ${status}, not ${expected}:\n${stderr}\n`);
  process.exit(1);
}
